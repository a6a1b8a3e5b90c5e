package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** pg_dump and pg_restore of one installed PostgreSQL. */
record DumpTools(Path bin) {
    static final String DUMP = "pg_dump";
    static final String RESTORE = "pg_restore";

    private static final int LAST_WORDS_CHARS = 2000;

    /** Every cluster has it, made by its superuser, whom alone it belongs to. */
    private static final String ALREADY_THERE = "EXTENSION pg_stat_statements";

    void dump(DatabaseUrl from, Path file) throws IOException {
        run(from, List.of(DUMP, "--format=custom", "--compress=1", "--no-owner", "--file=" + file));
    }

    /** All of it, or nothing. With the rights of an app: what the dump says is of its making. */
    void restore(DatabaseUrl to, Path file) throws IOException {
        String content = run(to, List.of(RESTORE, "--list", file.toString()));
        Path list = file.resolveSibling(file.getFileName() + ".list");
        Files.writeString(
                list,
                content.lines()
                        .filter(line -> !line.contains(ALREADY_THERE))
                        .collect(Collectors.joining("\n", "", "\n")));
        run(
                to,
                List.of(
                        RESTORE,
                        "--no-owner",
                        "--exit-on-error",
                        "--single-transaction",
                        "--use-list=" + list,
                        "--dbname=" + to.database(),
                        file.toString()));
        Files.delete(list);
        Files.delete(file);
    }

    private String run(DatabaseUrl server, List<String> command) throws IOException {
        List<String> words = new ArrayList<>(command);
        words.set(0, bin.resolve(command.getFirst()).toString());
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("PGHOST", server.host());
        builder.environment().put("PGPORT", Integer.toString(server.port()));
        builder.environment().put("PGDATABASE", server.database());
        builder.environment().put("PGUSER", server.user());
        builder.environment().put("PGPASSWORD", server.password());
        builder.environment().put("PGSSLMODE", "disable");
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() == 0) {
                return said;
            }
            throw new StoaException(
                    ErrorCode.UPGRADE_FAILED,
                    "the database could not be copied, and stays as it is; %s says:\n%s"
                            .formatted(command.getFirst(), end(said.strip())),
                    "what it names has to go, or to be changed, before the upgrade can be");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroy();
        }
    }

    private static String end(String text) {
        return text.substring(Math.max(0, text.length() - LAST_WORDS_CHARS));
    }
}
