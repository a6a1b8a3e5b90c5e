package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.engine.Limits;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A platform that dies with no chance to do anything. */
class SurvivalTest {
    @TempDir
    Path home;

    @Test
    void anInstanceOutlivesAPlatformThatIsKilled() throws Exception {
        Path slug = Files.createDirectories(home.resolve("slug"));
        Path directory = home.resolve("instances");
        Process platform = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Platform.class.getName(),
                        directory.toString(),
                        slug.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long pid;
        try (BufferedReader out = platform.inputReader()) {
            pid = Long.parseLong(String.valueOf(out.readLine()));
            platform.destroyForcibly().waitFor();
        }

        try (ProcessEngine engine = ProcessEngine.open(directory, List.of(home), InstantSource.system())) {
            InstanceStatus status = engine.instance("survivor").orElseThrow();
            assertThat(status.pid()).contains(pid);
            String before = Files.readString(status.output());
            await().until(() -> Files.readString(status.output()).length() > before.length() + 4);
            engine.kill("survivor");
            assertThat(engine.await("survivor").status()).isEqualTo(137);

            String[] lines = Files.readString(status.output()).split("\n", -1);
            for (int i = 0; i < lines.length - 1; i++) {
                assertThat(lines[i]).isEqualTo(String.valueOf(i));
            }
            engine.remove("survivor");
        }
        assertThat(directory.resolve("survivor")).doesNotExist();
    }

    /** What runs in the JVM that is killed. */
    static final class Platform {
        private Platform() {}

        public static void main(String[] arguments) throws InterruptedException {
            ProcessEngine engine = ProcessEngine.open(Path.of(arguments[0]), List.of(), InstantSource.system());
            Path slug = Path.of(arguments[1]);
            InstanceStatus status = engine.start(new InstanceSpec(
                    "survivor",
                    1,
                    slug,
                    InstanceSpec.SlugUse.EPHEMERAL,
                    engine.slugMount(slug),
                    "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done",
                    Map.of(),
                    List.of(),
                    List.of(),
                    new Limits(64L << 20, 1, 50),
                    new InstanceSpec.Net(true, Optional.empty(), List.of())));
            System.out.println(status.pid().orElseThrow());
            Thread.currentThread().join();
        }
    }
}
