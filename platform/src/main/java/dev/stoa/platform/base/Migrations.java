package dev.stoa.platform.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;

/**
 * Says whether there is anything to migrate: Flyway finds that out too, but loading it takes the better part of a second,
 * at every start of the platform.
 */
final class Migrations {
    /** Where they stand on the class path. */
    static final String FOLDER = "db/migration";

    private static final Pattern NAME = Pattern.compile("V(\\d+)__\\w+\\.sql$");

    private Migrations() {}

    /** Whether the database has had exactly the migrations that this program knows. */
    static boolean allApplied(Jdbi jdbi) {
        return jdbi.withHandle(handle -> {
            boolean none = handle.createQuery("select to_regclass('flyway_schema_history') is null")
                    .mapTo(Boolean.class)
                    .one();
            if (none) {
                return false;
            }
            List<String> applied = handle.createQuery(
                            "select case when success then version else 'failed' end from flyway_schema_history")
                    .mapTo(String.class)
                    .list();
            return new HashSet<>(applied).equals(known());
        });
    }

    /** The versions of the migrations on the class path. */
    static Set<String> known() {
        URL folder = Objects.requireNonNull(
                Migrations.class.getResource("/" + FOLDER), "no " + FOLDER + " on the class path");
        try {
            return names(folder)
                    .flatMap(name -> NAME.matcher(name).results())
                    .map((MatchResult match) -> match.group(1))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder, e);
        }
    }

    private static Stream<String> names(URL folder) throws IOException {
        URLConnection connection = folder.openConnection();
        if (connection instanceof JarURLConnection jar) {
            return jar.getJarFile().stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.startsWith(FOLDER + "/"));
        }
        try (Stream<Path> files = Files.list(Path.of(URI.create(folder.toString())))) {
            return files.map(Path::toString).toList().stream();
        }
    }
}
