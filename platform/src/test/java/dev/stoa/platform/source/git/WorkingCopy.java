package dev.stoa.platform.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.jgit.lib.ObjectId;

/** A repository of a user, worked on with the real git, which knows of no config but its own. */
public record WorkingCopy(Path folder) {
    private static final int SECONDS_MAX = 120;

    static final Map<String, String> ENVIRONMENT = Map.of(
            "HOME", "/nonexistent",
            "GIT_CONFIG_NOSYSTEM", "1",
            "GIT_CONFIG_GLOBAL", "/dev/null",
            "GIT_TERMINAL_PROMPT", "0",
            "GIT_AUTHOR_NAME", "Ann",
            "GIT_AUTHOR_EMAIL", "ann@example.com",
            "GIT_COMMITTER_NAME", "Ann",
            "GIT_COMMITTER_EMAIL", "ann@example.com");

    /** What git said, and how it ended. */
    public record Said(int status, String text) {}

    public static WorkingCopy init(Path folder) throws Exception {
        assumeTrue(installed(), "needs git: apt-get install git");
        Files.createDirectories(folder);
        WorkingCopy copy = new WorkingCopy(folder);
        copy.git("init", "-q", "-b", "main");
        return copy;
    }

    private static boolean installed() {
        try {
            return new ProcessBuilder("git", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public WorkingCopy with(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
        return this;
    }

    /** Commits everything that is there. */
    public ObjectId commit(String message) throws Exception {
        git("add", "-A");
        git("commit", "-q", "--allow-empty", "-m", message);
        return head();
    }

    public ObjectId head() throws Exception {
        return ObjectId.fromString(git("rev-parse", "HEAD").strip());
    }

    /** Runs git, which must succeed, and returns what it said. */
    public String git(String... arguments) throws Exception {
        Said said = tryGit(arguments);
        assertThat(said.status())
                .as("git %s: %s", List.of(arguments), said.text())
                .isZero();
        return said.text();
    }

    public Said tryGit(String... arguments) throws Exception {
        Process process = start(arguments);
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        return new Said(process.exitValue(), text);
    }

    public Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git", "-c", "protocol.file.allow=always"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().putAll(ENVIRONMENT);
        return builder.start();
    }
}
