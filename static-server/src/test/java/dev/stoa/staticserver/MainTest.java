package dev.stoa.staticserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @TempDir
    Path root;

    @Test
    void itServesUntilSigtermAndThenEndsAtOnce() throws Exception {
        Files.writeString(root.resolve("index.html"), "hello");
        Process process = main("0", root.toString());
        try (BufferedReader out = process.inputReader();
                HttpClient client = HttpClient.newHttpClient()) {
            String line = out.readLine();
            String port = line.substring(line.lastIndexOf(' ') + 1);
            URI uri = URI.create("http://localhost:" + port + "/");
            // The connection stays open and idle: it must not hold up the end.
            assertThat(client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                            .body())
                    .isEqualTo("hello");

            process.destroy();

            assertThat(process.waitFor(3, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(143);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aFolderThatIsNotThereIsNamed() throws Exception {
        Process process = main("0", root.resolve("nope").toString());

        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(2);
        assertThat(process.inputReader().readLine()).contains("nope").contains("is not a folder");
    }

    @Test
    void aPortThatIsNoNumberIsNamed() throws Exception {
        Process process = main("http", root.toString());

        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.inputReader().readLine()).contains("PORT is \"http\"");
    }

    private static Process main(String port, String root) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        root)
                .redirectErrorStream(true);
        builder.environment().put("PORT", port);
        return builder.start();
    }
}
