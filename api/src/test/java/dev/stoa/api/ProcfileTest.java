package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcfileTest {
    @Test
    void aLineIsAProcessType() {
        Procfile procfile = Procfile.parse("web: gunicorn --bind :$PORT app:app\nmail-worker:python work.py\n");

        assertThat(procfile)
                .isEqualTo(new Procfile(
                        Map.of("web", "gunicorn --bind :$PORT app:app", "mail-worker", "python work.py"),
                        Optional.empty(),
                        Map.of("web", 1, "mail-worker", 2)));
    }

    @Test
    void windowsLineEndsCommentsAndBlankLinesAreFine() {
        assertThat(Procfile.parse("\uFEFF# how to start\r\n\r\n  web : ./server \r\n\t# end")
                        .processes())
                .isEqualTo(Map.of("web", "./server"));
    }

    @Test
    void aNameMayHaveWhateverItMayHaveOnHeroku() {
        Procfile procfile =
                Procfile.parse("Mail_Worker: bundle exec sidekiq\n2nd:./x\nweb:\tbundle exec puma -C config/puma.rb  ");

        assertThat(procfile.processes())
                .isEqualTo(Map.of(
                        "Mail_Worker",
                        "bundle exec sidekiq",
                        "2nd",
                        "./x",
                        "web",
                        "bundle exec puma -C config/puma.rb"));
    }

    @Test
    void noCommandHoldsACharacterThatWouldEndIt() {
        StoaException error =
                catchThrowableOfType(StoaException.class, () -> Procfile.parse("web: ./server\0; ./other"));

        assertThat(error.message())
                .isEqualTo(
                        "line 1 of the Procfile, \"web: ./server; ./other\", has the character U+0000 in it, which no command can hold");
    }

    @Test
    void theReleaseCommandIsNoProcess() {
        Procfile procfile = Procfile.parse("release: ./migrate\nweb: ./server");

        assertThat(procfile.release()).hasValue("./migrate");
        assertThat(procfile.processes()).containsOnlyKeys("web");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "web ./server|is not of the form \"name: command\", with a name of up to 40 letters, digits, - and _",
                "a web: ./server|is not of the form \"name: command\", with a name of up to 40 letters, digits, - and _",
                "web:|is not of the form \"name: command\", with a name of up to 40 letters, digits, - and _",
                "-web: x|is not of the form \"name: command\", with a name of up to 40 letters, digits, - and _",
                "ok: again|names \"ok\" a second time"
            })
    void aBadLineIsShownWithItsNumberAndAnExample(String line, String what) {
        StoaException error =
                catchThrowableOfType(StoaException.class, () -> Procfile.parse("ok: fine\n\n" + line + "\n"));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_PROCFILE);
        assertThat(error.message()).isEqualTo("line 3 of the Procfile, \"%s\", %s".formatted(line, what));
        assertThat(error.hint()).hasValue("write it like this:  web: python app.py");
    }
}
