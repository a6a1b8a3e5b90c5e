package dev.stoa.cli;

import dev.stoa.api.DatabaseRequests;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Export and import by the tools of PostgreSQL, where this machine has them. */
final class DbDumpCommands {
    private DbDumpCommands() {}

    @Command(name = "dump", description = "Write a database to a file in the format of pg_dump.")
    static final class Dump implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(
                index = "1",
                paramLabel = "FILE",
                description = "One that ends in .sql is text; others pg_restore reads.")
        private Path file = Path.of("dump");

        Dump(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Path draft = file.resolveSibling("." + file.getFileName() + ".new");
            try {
                run(
                        session,
                        name,
                        List.of(
                                "pg_dump",
                                "--no-owner",
                                "--no-privileges",
                                file.toString().endsWith(".sql") ? "--format=plain" : "--format=custom",
                                "--file=" + draft));
                Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "cannot write %s: %s".formatted(file, e.getMessage()), "", e);
            } finally {
                try {
                    Files.deleteIfExists(draft);
                } catch (IOException e) {
                    session.terminal().line("%s is left over".formatted(draft));
                }
            }
            session.terminal()
                    .show(
                            java.util.Map.of("file", file.toString()),
                            () -> session.terminal().line("Wrote %s to %s.".formatted(name, file)));
            return 0;
        }
    }

    @Command(name = "load", description = "Read a file that pg_dump has written into a database.")
    static final class Load implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(index = "1", paramLabel = "FILE", description = "Of any format of pg_dump.")
        private Path file = Path.of("dump");

        Load(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            List<String> command = isArchive()
                    ? List.of(
                            "pg_restore",
                            "--no-owner",
                            "--no-privileges",
                            "--exit-on-error",
                            "--single-transaction",
                            "--dbname=",
                            file.toString())
                    : List.of("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", file.toString());
            run(session, name, command);
            session.terminal()
                    .show(
                            java.util.Map.of("database", name),
                            () -> session.terminal().line("Read %s into %s.".formatted(file, name)));
            return 0;
        }

        /** By its first bytes: those of text are a comment, or a statement. */
        private boolean isArchive() {
            try (java.io.InputStream in = Files.newInputStream(file)) {
                return new String(in.readNBytes(5), java.nio.charset.StandardCharsets.ISO_8859_1).equals("PGDMP");
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "cannot read %s: %s".formatted(file, e.getMessage()), "", e);
            }
        }
    }

    /** The URL, which has the password, goes by the environment: the command line is for everybody to see. */
    private static void run(Session session, String name, List<String> command) {
        DatabaseRequests.Url url =
                session.client().get(DbCommand.path(session, name, "url"), DatabaseRequests.Url.class);
        List<String> words = new ArrayList<>(command);
        words.replaceAll(word -> word.equals("--dbname=")
                ? "--dbname=" + DbConnection.of(url.url()).database()
                : word);
        ProcessBuilder builder = new ProcessBuilder(words).inheritIO();
        builder.environment().putAll(DbConnection.of(url.url()).environment());
        try {
            int status = builder.start().waitFor();
            if (status != 0) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s ended with status %d; what it said stands above".formatted(words.getFirst(), status),
                        "a server that is newer than the tool needs the tool of its own version, such as postgresql-client-18");
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "%s is not on this machine".formatted(words.getFirst()),
                    "apt-get install postgresql-client",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted", "", e);
        }
    }
}
