"""What the shared layout, the start page, the error pages and the console's page say, in German and English."""

from collections.abc import Mapping

LAYOUT: Mapping[str, Mapping[str, str]] = {
    "de": {
        "skip": "Zum Inhalt springen",
        "home": "Startseite",
        "languages": "Sprache",
        "de": "Deutsch",
        "en": "English",
        "demo": "DEMO",
        "demo_sentence": "Alle Fahrten und Fahrgäste sind erfunden.",
        "demo_now": "Es ist {date}, {time} Uhr.",
        "help": "Hilfe am Telefon",
        "accessibility": "Diese Seiten lassen sich mit der Tastatur bedienen und vorlesen. "
        "Sie funktionieren auch ohne JavaScript.",
        "assumed": "Manche Fahrpläne, Halte und Regeln sind angenommen, nicht amtlich.",
        "assumed_link": "Was belegt ist und was angenommen",
        "accessibility_phone": "Stoßen Sie auf ein Hindernis, rufen Sie uns bitte an: {phone}.",
    },
    "en": {
        "skip": "Skip to content",
        "home": "Start page",
        "languages": "Language",
        "de": "Deutsch",
        "en": "English",
        "demo": "DEMO",
        "demo_sentence": "All rides and riders are made up.",
        "demo_now": "It is {time} on {date}.",
        "help": "Help by phone",
        "accessibility": "These pages can be used with the keyboard and read aloud. They also work without JavaScript.",
        "assumed": "Some timetables, stops and rules are assumed, not official.",
        "assumed_link": "What is sourced and what is assumed",
        "accessibility_phone": "If anything stands in your way, please call us: {phone}.",
    },
}

START: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Unterwegs in {region}",
        "question": "Wer sind Sie?",
        "lead": "Bus, Shuttle und Bürgerbus: Wählen Sie, was Sie tun möchten.",
        "rider": "Fahrgast",
        "rider_sentence": "Sehen Sie, wann der nächste Bus fährt, oder bestellen Sie den Bürgerbus.",
        "board": "Abfahrten ansehen",
        "book": "Bürgerbus bestellen",
        "stops": "Abfahrten an diesen Haltestellen",
        "volunteer": "Ehrenamt im Bürgerbus",
        "volunteer_sentence": "Nehmen Sie Fahrtwünsche am Telefon an und tragen Sie sie ein.",
        "volunteer_link": "Fahrtwunsch eintragen",
        "driver": "Fahrerin oder Fahrer",
        "driver_sentence": "Sehen Sie, wen Sie wann und wo abholen, und melden Sie, wer eingestiegen ist.",
        "driver_link": "Meine Fahrten heute",
        "dispatcher": "Leitstelle",
        "dispatcher_sentence": "Behalten Sie alle Fahrzeuge auf der Karte und in der Tabelle im Blick.",
        "dispatcher_link": "Leitstelle öffnen",
        "researcher": "Forschung",
        "researcher_sentence": "Laden Sie Fahrpläne, Echtzeitdaten und Fahrtenprotokolle ohne Personenbezug.",
        "researcher_link": "Daten ansehen",
    },
    "en": {
        "title": "Getting around {region}",
        "question": "Who are you?",
        "lead": "Bus, shuttle and citizen bus: choose what you would like to do.",
        "rider": "Rider",
        "rider_sentence": "See when the next bus leaves, or book the citizen bus.",
        "board": "See departures",
        "book": "Book the citizen bus",
        "stops": "Departures at these stops",
        "volunteer": "Citizen bus volunteer",
        "volunteer_sentence": "Take ride requests on the phone and enter them.",
        "volunteer_link": "Enter a ride request",
        "driver": "Driver",
        "driver_sentence": "See whom to pick up, when and where, and report who got on.",
        "driver_link": "My rides today",
        "dispatcher": "Control room",
        "dispatcher_sentence": "Keep an eye on all vehicles, on the map and in the table.",
        "dispatcher_link": "Open the control room",
        "researcher": "Research",
        "researcher_sentence": "Download timetables, real-time data and trip logs without personal data.",
        "researcher_link": "See the data",
    },
}

RESEARCH: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Daten für die Forschung",
        "lead": "Hier stehen die offenen Daten dieses Betriebs. Namen, Telefonnummern und Adressen sind nie dabei.",
        "open": "Offene Daten",
        "schedule": "Fahrplan (GTFS)",
        "schedule_sentence": "Linien und Haltestellen, dazu der Bürgerbus als GTFS-Flex.",
        "realtime": "Echtzeit (GTFS-Realtime)",
        "realtime_sentence": "Wo die Fahrzeuge sind und wann sie ankommen. Jeder Abruf enthält alles.",
        "api": "Schnittstellen (OpenAPI)",
        "api_sentence": "Was andere Programme abfragen und melden können, mit allen Feldern.",
        "log": "Fahrtenprotokolle",
        "log_sentence": "Fahrten, Halte und Positionen gibt der Betreiber mit diesem Befehl heraus:",
    },
    "en": {
        "title": "Data for research",
        "lead": "These are the open data of this service. Names, phone numbers and addresses are never part of them.",
        "open": "Open data",
        "schedule": "Timetable (GTFS)",
        "schedule_sentence": "Lines and stops, and the citizen bus as GTFS-Flex.",
        "realtime": "Real time (GTFS-Realtime)",
        "realtime_sentence": "Where the vehicles are and when they arrive. Every download holds everything.",
        "api": "Interfaces (OpenAPI)",
        "api_sentence": "What other programs can ask and report, with all fields.",
        "log": "Trip logs",
        "log_sentence": "The operator exports trips, stop visits, positions and rides with this command:",
    },
}

ERRORS: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "de": {
        403: ("Diese Seite ist nicht für alle", "Sie ist dem Personal vorbehalten. Bitte melden Sie sich dort an."),
        404: (
            "Diese Seite gibt es nicht",
            "Vielleicht ist die Adresse falsch geschrieben. Von der Startseite finden Sie weiter.",
        ),
        409: (
            "Das geht so nicht",
            "Inzwischen hat sich etwas geändert. Bitte gehen Sie zurück und versuchen Sie es noch einmal.",
        ),
        422: ("Eine Angabe fehlt oder passt nicht", "Bitte gehen Sie zurück und prüfen Sie Ihre Angaben."),
        500: (
            "Bei uns ist etwas schiefgegangen",
            "Das liegt nicht an Ihnen, und Bestätigtes gilt weiter. Bitte versuchen Sie es gleich noch einmal.",
        ),
        503: (
            "Im Augenblick können wir nichts annehmen",
            "Bestehende Buchungen gelten weiter. Bitte rufen Sie uns an oder versuchen Sie es später.",
        ),
    },
    "en": {
        403: ("This page is not for everyone", "It is reserved for staff. Please sign in there."),
        404: (
            "There is no such page",
            "The address may be misspelt, or the page has moved. You can go on from the start page.",
        ),
        409: ("That is not possible", "Something has changed in the meantime. Please go back and try again."),
        422: ("Something is missing or does not fit", "Please go back and check what you entered."),
        500: (
            "Something went wrong on our side",
            "It is not your fault. What was confirmed to you still holds. Please try again in a minute.",
        ),
        503: (
            "We cannot accept anything right now",
            "Existing bookings still hold. Please call us or try again later.",
        ),
    },
}

CONSOLE: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Leitstelle",
        "vehicles": "Fahrzeuge",
        "caption": "Alle Fahrzeuge mit ihrem letzten Stand",
        "build": "Die Karte und die laufende Anzeige fehlen, weil die Oberfläche nicht gebaut ist. "
        "Bauen Sie sie mit diesem Befehl und laden Sie die Seite neu:",
        "no_script": "Ohne JavaScript zeigt diese Seite den Stand beim Laden. Laden Sie sie neu für den neuesten.",
        "supervision": "Technische Aufsicht: Anfragen der Fahrzeuge, Befehle, Alarme",
        "none": "Noch hat kein Fahrzeug Daten gesendet.",
        "vehicle": "Fahrzeug",
        "trip": "Linie und Ziel",
        "next_stop": "Nächster Halt",
        "delay": "Pünktlichkeit",
        "mode": "Fahrmodus",
        "age": "Datenalter",
        "no_trip": "keine Fahrt",
        "unknown": "keine Angabe",
        "on_time": "pünktlich",
        "late": "{minutes} min später",
        "early": "{minutes} min früher",
        "seconds": "{seconds} s",
        "minutes": "{minutes} min",
    },
    "en": {
        "title": "Control room",
        "vehicles": "Vehicles",
        "caption": "All vehicles with their latest state",
        "build": "The map and the live view are missing because the console has not been built. "
        "Build it with this command and reload the page:",
        "no_script": "Without JavaScript this page shows the state at loading. Reload it for the latest.",
        "supervision": "Technical supervision: requests of vehicles, commands, alarms",
        "none": "No vehicle has sent data yet.",
        "vehicle": "Vehicle",
        "trip": "Line and destination",
        "next_stop": "Next stop",
        "delay": "Punctuality",
        "mode": "Driving mode",
        "age": "Data age",
        "no_trip": "no trip",
        "unknown": "not known",
        "on_time": "on time",
        "late": "{minutes} min late",
        "early": "{minutes} min early",
        "seconds": "{seconds} s",
        "minutes": "{minutes} min",
    },
}

MODES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "unknown": "keine Angabe",
        "manual": "von Hand",
        "assisted": "mit Begleitung",
        "automated": "automatisch",
        "minimal_risk": "sicher angehalten",
    },
    "en": {
        "unknown": "not known",
        "manual": "manual",
        "assisted": "with attendant",
        "automated": "automated",
        "minimal_risk": "stopped safely",
    },
}
