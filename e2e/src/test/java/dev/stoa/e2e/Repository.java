package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A user's git repository, worked on with the real git, which knows of no config but the repository's own. */
record Repository(Folder folder) {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "HOME", "/nonexistent",
            "GIT_CONFIG_NOSYSTEM", "1",
            "GIT_CONFIG_GLOBAL", "/dev/null",
            "GIT_TERMINAL_PROMPT", "0",
            "GIT_AUTHOR_NAME", "Ann",
            "GIT_AUTHOR_EMAIL", "ann@example.com",
            "GIT_COMMITTER_NAME", "Ann",
            "GIT_COMMITTER_EMAIL", "ann@example.com");

    /** What git said on both of its streams, and how it ended. */
    record Said(int status, String text) {}

    static Repository init(Folder folder) {
        return init(folder, "init", "-q", "-b", "main");
    }

    /** One that is only pushed to. */
    static Repository bare(Folder folder) {
        return init(folder, "init", "-q", "-b", "main", "--bare");
    }

    private static Repository init(Folder folder, String... how) {
        assumeTrue(installed(), "needs git: apt-get install git");
        Repository repository = new Repository(folder);
        repository.git(how);
        return repository;
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

    /** A repository with the files of an example. */
    static Repository ofExample(String name) {
        Folder copy = Folder.empty();
        try (Stream<Path> files = Files.walk(Stoa.example(name))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = copy.path().resolve(Stoa.example(name).relativize(file));
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return init(copy);
    }

    Repository with(String file, String text) {
        folder.with(file, text);
        return this;
    }

    Repository commit(String message) {
        git("add", "-A");
        git("commit", "-q", "--allow-empty", "-m", message);
        return this;
    }

    /** Runs git, which must succeed. */
    String git(String... arguments) {
        Said said = tryGit(arguments);
        assertThat(said.status())
                .as("git %s: %s", List.of(arguments), said.text())
                .isZero();
        return said.text();
    }

    /** Runs git, which must fail. */
    String refuses(String... arguments) {
        Said said = tryGit(arguments);
        assertThat(said.status())
                .as("git %s: %s", List.of(arguments), said.text())
                .isNotZero();
        return said.text();
    }

    Said tryGit(String... arguments) {
        try {
            Process process = start(arguments);
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Said(process.waitFor(), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.path().toFile()).redirectErrorStream(true);
        builder.environment().putAll(ENVIRONMENT);
        builder.environment().remove("STOA_HOME");
        return builder.start();
    }
}
