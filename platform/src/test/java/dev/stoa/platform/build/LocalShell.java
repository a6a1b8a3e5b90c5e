package dev.stoa.platform.build;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs commands where the tests run, without a sandbox but with nothing of the tests' environment. */
final class LocalShell implements BuildShell {
    /** Every script that ran. */
    final List<String> scripts = new ArrayList<>();

    @Override
    public String slugMount(Path slug) {
        return slug.toString();
    }

    @Override
    public int run(Command command, Consumer<String> lines) throws InterruptedException {
        scripts.add(command.script());
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", command.script())
                .directory(command.slug().toFile())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("HOME", command.slug().toString());
        builder.environment().putAll(command.env());
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            try (BufferedReader out = process.inputReader()) {
                out.lines().forEach(lines);
            }
            return process.waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
