package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The machine's git, working in a folder. */
record GitProgram(Path folder) {
    private record Ended(int status, String out, String err) {}

    /** In the repository that a folder belongs to. */
    static GitProgram at(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is not a folder".formatted(folder),
                    "name the folder of a git repository: stoa git remote PATH");
        }
        GitProgram there = new GitProgram(folder);
        Ended inside = there.end("rev-parse", "--git-dir");
        if (inside.status != 0) {
            String why = inside.err.lines().findFirst().orElse("").replaceFirst("^fatal: ", "");
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is not in a git repository: %s".formatted(folder, why),
                    "to make it one: git init -b main && git add -A && git commit -m \"First version\"");
        }
        return there.tell("rev-parse", "--show-toplevel")
                .map(top -> new GitProgram(Path.of(top)))
                .orElse(there);
    }

    /** What git says, without the line's end; empty when it fails or says nothing. */
    Optional<String> tell(String... arguments) {
        Ended ended = end(arguments);
        return Optional.of(ended.out.strip()).filter(text -> ended.status == 0 && !text.isEmpty());
    }

    /** Runs git, which must succeed. */
    void run(String... arguments) {
        Ended ended = end(arguments);
        if (ended.status != 0) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "git %s failed in %s: %s".formatted(String.join(" ", arguments), folder, ended.err.strip()),
                    "put right what git says, and try again");
        }
    }

    private Ended end(String... arguments) {
        List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "git is not installed on this machine",
                    "apt-get install git, dnf install git, brew install git",
                    e);
        }
        try {
            // What git is asked here fits into a pipe, so that the two can be read one after the other.
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), out, err);
        } catch (IOException e) {
            throw new StoaException(ErrorCode.INTERNAL, "cannot hear what git says: " + Reason.of(e), "", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted while git worked", "", e);
        }
    }
}
