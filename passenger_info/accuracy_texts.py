"""What the page about accuracy says, in German, English and easy German."""

from collections.abc import Mapping, Sequence

from passenger_info.accuracy_view import AccuracyView, Score

TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Wie gut sind unsere Vorhersagen?",
        "none": "Noch kein Fahrzeug ist angekommen, für das wir eine Ankunft vorhergesagt hatten. "
        "Sobald das geschieht, stehen hier Zahlen.",
        "score": "{percent} von 100 Vorhersagen waren genau genug.",
        "error": "Im Mittel lagen zwischen Vorhersage und Ankunft {duration}.",
        "since": "Gezählt wird seit {date}, {time} Uhr: {count} Vorhersagen.",
        "few": "Das sind noch wenige: Wo weniger als {few} Vorhersagen gezählt sind, steht es dabei. "
        "Diese Zahlen können sich noch stark ändern.",
        "best": "Keines der einfachen Verfahren zum Vergleich lag im Mittel näher an der wirklichen Ankunft.",
        "better": "Im Mittel näher an der wirklichen Ankunft lag: {names}.",
        "how": "Wann zählt eine Vorhersage als genau genug?",
        "how_text": "Alle 30 Sekunden merken wir uns, welche Ankunft wir vorhersagen. Kommt das Fahrzeug an, "
        "vergleichen wir. Je weiter die Ankunft noch weg war, desto größer darf der Abstand sein. Zu früh zählt "
        "strenger als zu spät, denn wer sich auf eine zu späte Zeit verlässt, verpasst das Fahrzeug.",
        "bands": "Unsere Vorhersagen, nach der Zeit bis zur Ankunft",
        "ahead": "Zeit bis zur Ankunft",
        "minutes": "{span} Minuten",
        "allowed": "Erlaubt",
        "allowed_text": "bis {early} zu früh, bis {late} zu spät",
        "accurate": "Genau genug",
        "mean_error": "Mittlerer Abstand",
        "covered": "In der Spanne",
        "counted": "Gezählt",
        "all": "Alle zusammen",
        "few_mark": "noch wenige",
        "unknown": "noch keine",
        "spans": "Was heißt „in der Spanne“?",
        "spans_text": "Zu jeder Ankunft veröffentlichen wir auch eine Spanne. In 80 von 100 Fällen soll das Fahrzeug "
        "in dieser Spanne ankommen, nicht seltener und nicht viel öfter: Sonst wäre die Spanne zu eng oder zu weit.",
        "spans_now": "Bisher kam es in {percent} von 100 Fällen in der Spanne an.",
        "live": "Während ein Fahrzeug auf einer Fahrt seine Position gemeldet hat, gab es zu {percent} % der Zeit eine "
        "Vorhersage.",
        "compare": "Vergleich mit einfachen Verfahren",
        "compare_text": "Dieselben Ankünfte, vorhergesagt auf andere Weise. Genannt ist, wie viele von 100 Vorhersagen "
        "genau genug waren.",
        "way": "Verfahren",
        "ours": "Unsere Vorhersage",
        "schedule": "Fahrplan",
        "constant_delay": "Die Verspätung von jetzt bleibt",
        "historical_mean": "Mittel der letzten Tage",
        "kalman": "Kalman-Filter je Abschnitt",
        "data": "Daten",
        "data_text": "Alle Zahlen dieser Seite gibt es als JSON:",
        "benchmark": "Die Grenzen sind die des ETA Accuracy Benchmark (TransitApp, 2023). Das Gesamtergebnis ist das "
        "Mittel der vier Zeilen.",
        "second": "1 Sekunde",
        "seconds": "{count} Sekunden",
        "minute_one": "1 Minute",
        "minute_many": "{count} Minuten",
        "and": "und",
    },
    "en": {
        "title": "How good are our predictions?",
        "none": "No vehicle has arrived yet whose arrival we had predicted. As soon as one does, there will be "
        "figures.",
        "score": "{percent} of 100 predictions were accurate enough.",
        "error": "On average, prediction and arrival were {duration} apart.",
        "since": "Counted since {date}, {time}: {count} predictions.",
        "few": "These are still few: where fewer than {few} predictions are counted, it says so. "
        "Those figures may still change a lot.",
        "best": "None of the plain ways to predict came closer to the real arrival on average.",
        "better": "On average closer to the real arrival: {names}.",
        "how": "When does a prediction count as accurate enough?",
        "how_text": "Every 30 seconds we note which arrival we predict. When the vehicle arrives, we compare. The "
        "further away the arrival was, the larger the error may be. Early counts more strictly than late: who relies "
        "on a time that is too late misses the vehicle.",
        "bands": "Our predictions by the time to the arrival",
        "ahead": "Time to the arrival",
        "minutes": "{span} minutes",
        "allowed": "Allowed",
        "allowed_text": "up to {early} early, up to {late} late",
        "accurate": "Accurate enough",
        "mean_error": "Mean error",
        "covered": "Within the interval",
        "counted": "Counted",
        "all": "All together",
        "few_mark": "still few",
        "unknown": "none yet",
        "spans": "What does “within the interval” mean?",
        "spans_text": "With every arrival we publish an interval. In 80 of 100 cases the vehicle should arrive "
        "within it, not less often and not much more often: else the interval would be too narrow or too wide.",
        "spans_now": "So far it arrived within the interval in {percent} of 100 cases.",
        "live": "While a vehicle on a trip reported its position, there was a prediction {percent} % of the time.",
        "compare": "Compared with plain ways to predict",
        "compare_text": "The same arrivals, predicted in other ways. The table says how many of 100 predictions were "
        "accurate enough.",
        "way": "Way to predict",
        "ours": "Our prediction",
        "schedule": "Timetable",
        "constant_delay": "The delay of now stays",
        "historical_mean": "Mean of the last days",
        "kalman": "Kalman filter per segment",
        "data": "Data",
        "data_text": "All figures of this page as JSON:",
        "benchmark": "The limits are those of the ETA Accuracy Benchmark (TransitApp, 2023). The overall score is "
        "the mean of the four rows.",
        "second": "1 second",
        "seconds": "{count} seconds",
        "minute_one": "1 minute",
        "minute_many": "{count} minutes",
        "and": "and",
    },
    "de-simple": {
        "title": "Stimmen unsere Zeiten?",
        "none": "Wir haben noch keine Zahlen. Erst muss ein Bus ankommen.",
        "score": "Von 100 Zeiten haben {percent} gestimmt.",
        "error": "Eine Zeit war im Durch-Schnitt {duration} falsch.",
        "since": "Wir zählen seit {date}, {time} Uhr. Bis jetzt haben wir {count} Zeiten gezählt.",
        "few": "Manche Zahlen sind noch unsicher. Wir haben dort noch keine {few} Zeiten gezählt.",
        "best": "Wir haben auch andere Arten zu rechnen geprüft. Keine war besser.",
        "better": "Diese Art zu rechnen war besser: {names}.",
        "how": "Wann stimmt eine Zeit?",
        "how_text": "Wir sagen: Der Bus kommt um diese Zeit. Dann kommt der Bus. Wir vergleichen beide Zeiten. "
        "Ein kleiner Unter-Schied ist erlaubt. Kommt der Bus erst in vielen Minuten, darf der Unter-Schied größer "
        "sein.",
        "bands": "Unsere Zeiten",
        "ahead": "Noch so lange",
        "minutes": "{span} Minuten",
        "allowed": "Erlaubt",
        "allowed_text": "{early} zu früh oder {late} zu spät",
        "accurate": "Das stimmt",
        "mean_error": "Unter-Schied",
        "covered": "In der Spanne",
        "counted": "Gezählt",
        "all": "Alle zusammen",
        "few_mark": "noch unsicher",
        "unknown": "noch keine",
        "spans": "Was ist die Spanne?",
        "spans_text": "Wir sagen auch: Der Bus kommt zwischen dieser und jener Zeit. Das ist die Spanne. "
        "Von 100 Bussen sollen 80 in der Spanne kommen.",
        "spans_now": "Bis jetzt sind {percent} von 100 in der Spanne gekommen.",
        "live": "Ein Bus ist unterwegs. Dann haben wir fast immer eine Zeit: in {percent} von 100 Fällen.",
        "compare": "Andere Arten zu rechnen",
        "compare_text": "Man kann Zeiten auch anders aus-rechnen. Hier sehen Sie: Wie viele Zeiten von 100 stimmen?",
        "way": "Art zu rechnen",
        "ours": "So rechnen wir",
        "schedule": "Nur der Fahr-Plan",
        "constant_delay": "Der Bus bleibt so spät, wie er ist",
        "historical_mean": "So war es an den letzten Tagen",
        "kalman": "Mit einem Filter (er heißt Kalman)",
        "data": "Zahlen für Fach-Leute",
        "data_text": "Computer können alle Zahlen hier lesen:",
        "benchmark": "Die Grenzen kommen von der Firma TransitApp.",
        "second": "1 Sekunde",
        "seconds": "{count} Sekunden",
        "minute_one": "1 Minute",
        "minute_many": "{count} Minuten",
        "and": "und",
    },
}


def duration_text(duration_s: int, language: str) -> str:
    """Return a duration in words: seconds below a minute and a half, else minutes and seconds."""
    t = TEXTS[language]
    minutes, seconds = divmod(duration_s, 60)
    if duration_s < 90:  # noqa: PLR2004 - people say 80 seconds, and two minutes
        minutes, seconds = 0, duration_s
    parts = []
    if minutes:
        parts.append(t["minute_one"] if minutes == 1 else t["minute_many"].format(count=minutes))
    if seconds or not minutes:
        parts.append(t["second"] if seconds == 1 else t["seconds"].format(count=seconds))
    return f" {t['and']} ".join(parts)


def short_text(score: Score, language: str) -> str:
    """Return a share for a table: ``94 %``, with a word where it rests on little, or that there is none."""
    t = TEXTS[language]
    if score.accurate_percent is None:
        return t["unknown"]
    return f"{score.accurate_percent} % ({t['few_mark']})" if score.is_few else f"{score.accurate_percent} %"


def verdict_text(view: AccuracyView, language: str) -> str:
    """Return how we do beside the plain ways, whoever is ahead."""
    t = TEXTS[language]
    if not view.better:
        return t["best"]
    return t["better"].format(names=_listed([t.get(name, name) for name in view.better], t["and"]))


def _listed(names: Sequence[str], joint: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}"


def count_text(count: int, language: str) -> str:
    """Return a count with thousands apart, as the language writes them."""
    return f"{count:,}" if language == "en" else f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent_text(live_percent: float, language: str) -> str:
    """Return a percentage as the language writes it: with a tenth where it has one, in easy German never."""
    if language == "de-simple":
        return str(int(live_percent))
    text = f"{live_percent:.1f}".removesuffix(".0")
    return text if language == "en" else text.replace(".", ",")
