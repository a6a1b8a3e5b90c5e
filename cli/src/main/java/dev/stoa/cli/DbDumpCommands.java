package dev.stoa.cli;

import dev.stoa.api.DatabaseRequests;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Export and import by the tools of PostgreSQL, where this machine has them. */
final class DbDumpCommands {
    /** How archives of pg_dump begin. */
    private static final String CUSTOM = "PGDMP";

    private static final String TAR = "toc.dat";

    private static final Duration STOPPED_WITHIN = Duration.ofSeconds(5);

    private static final String NEWER_SERVER =
            "a server that is newer than the tool needs the tool of its own version, such as postgresql-client-18";
    private static final String NEWER_DUMP =
            "nothing was loaded; a dump by a newer pg_dump needs a pg_restore of that version, such as postgresql-client-18";
    private static final String NOTHING_KEPT =
            "nothing of it was kept; what is there already may be in its way: a new database has nothing";

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
                ProcessBuilder command = new ProcessBuilder(
                                "pg_dump",
                                "--no-owner",
                                "--no-privileges",
                                file.toString().endsWith(".sql") ? "--format=plain" : "--format=custom",
                                "--file=" + draft)
                        .inheritIO();
                command.environment().putAll(connection(session, name).environment());
                end(start(command), "pg_dump", NEWER_SERVER);
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
            DbConnection database = connection(session, name);
            try {
                load(database);
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "cannot read %s: %s".formatted(file, Reason.of(e)), "", e);
            }
            session.terminal()
                    .show(
                            java.util.Map.of("database", name),
                            () -> session.terminal().line("Read %s into %s.".formatted(file, name)));
            return 0;
        }

        private void load(DbConnection database) throws IOException {
            if (!isArchive()) {
                try (InputStream text = new BufferedInputStream(Files.newInputStream(file))) {
                    load(database, text, () -> {});
                }
                return;
            }
            Process reader =
                    start(new ProcessBuilder("pg_restore", "--no-owner", "--no-privileges", "--file=-", file.toString())
                            .redirectError(ProcessBuilder.Redirect.INHERIT));
            try (InputStream text = new BufferedInputStream(reader.getInputStream())) {
                load(database, text, () -> end(reader, "pg_restore", NEWER_DUMP));
            } finally {
                reader.destroy();
            }
        }

        /** All of it or nothing: a psql that reads no "commit", because anything broke before, leaves what was there. */
        private void load(DbConnection database, InputStream text, Runnable atItsEnd) throws IOException {
            ProcessBuilder command = new ProcessBuilder("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-")
                    // What the statements of a dump give is nothing to anybody.
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            command.environment().putAll(database.environment());
            Process writer = start(command);
            boolean ended = false;
            try {
                try (OutputStream out = writer.getOutputStream()) {
                    out.write("begin;\n".getBytes(StandardCharsets.US_ASCII));
                    DumpHead.pass(text, out);
                    atItsEnd.run();
                    out.write("\ncommit;\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // One that has stopped at an error reads no further.
                    if (writer.isAlive() && !writer.waitFor(STOPPED_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
                        throw e;
                    }
                }
                ended = true;
                end(writer, "psql", NOTHING_KEPT);
            } catch (InterruptedException e) {
                throw interrupted(e);
            } finally {
                if (!ended) {
                    writer.destroyForcibly();
                }
            }
        }

        /** By its first bytes: those of text are a comment, or a statement. */
        private boolean isArchive() throws IOException {
            if (Files.isDirectory(file)) {
                return true;
            }
            try (InputStream in = Files.newInputStream(file)) {
                String first = new String(in.readNBytes(TAR.length()), StandardCharsets.ISO_8859_1);
                return first.startsWith(CUSTOM) || first.equals(TAR);
            }
        }
    }

    /** The URL, which has the password, goes by the environment: the command line is for everybody to see. */
    private static DbConnection connection(Session session, String name) {
        return DbConnection.of(session.client()
                .get(DbCommand.path(session, name, "url"), DatabaseRequests.Url.class)
                .url());
    }

    private static Process start(ProcessBuilder command) {
        try {
            return command.start();
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "%s is not on this machine".formatted(command.command().getFirst()),
                    "apt-get install postgresql-client",
                    e);
        }
    }

    private static void end(Process process, String tool, String hint) {
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s ended with status %d; what it said stands above".formatted(tool, status),
                        hint);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static StoaException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StoaException(ErrorCode.CANCELLED, "interrupted", "", e);
    }
}
