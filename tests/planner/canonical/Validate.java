import java.nio.file.Path;
import java.time.LocalDate;
import org.mobilitydata.gtfsvalidator.input.CountryCode;
import org.mobilitydata.gtfsvalidator.runner.ApplicationType;
import org.mobilitydata.gtfsvalidator.runner.ValidationRunner;
import org.mobilitydata.gtfsvalidator.runner.ValidationRunnerConfig;
import org.mobilitydata.gtfsvalidator.util.VersionResolver;

/** Runs the canonical validator, which Maven Central has as a library only: feed, report folder, country, date. */
public final class Validate {
  private Validate() {}

  public static void main(String[] arguments) {
    ValidationRunnerConfig config =
        ValidationRunnerConfig.builder()
            .setGtfsSource(Path.of(arguments[0]).toUri())
            .setOutputDirectory(Path.of(arguments[1]))
            .setCountryCode(CountryCode.forStringOrUnknown(arguments[2]))
            .setDateForValidation(LocalDate.parse(arguments[3]))
            .setSkipValidatorUpdate(true)
            .build();
    ValidationRunner.Status status = new ValidationRunner(new VersionResolver(ApplicationType.CLI)).run(config);
    System.exit(status == ValidationRunner.Status.SUCCESS ? 0 : 1);
  }
}
