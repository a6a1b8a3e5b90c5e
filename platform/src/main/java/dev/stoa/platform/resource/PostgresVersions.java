package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The PostgreSQLs that databases may run on: the embedded one, and those that are installed on the machine. */
final class PostgresVersions {
    /** Older ones are not maintained any more, and lack what the settings name. */
    static final int MAJOR_MIN = 13;

    /** Where the packages of Debian and those of postgresql.org put theirs. */
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    private static final String SERVER = "postgres";
    private static final Pattern FEDORA = Pattern.compile("pgsql-(\\d+)");
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+[.\\w]*)");
    private static final Pattern WISH = Pattern.compile("\\d{1,3}(\\.\\d{1,3})?");

    private final Path unpackedInto;
    private final Map<Integer, PostgresBinaries> known = new ConcurrentHashMap<>();

    PostgresVersions(Path unpackedInto) {
        this.unpackedInto = unpackedInto;
    }

    PostgresBinaries embedded() {
        PostgresBinaries embedded = PostgresBinaries.unpacked(unpackedInto);
        known.put(embedded.major(), embedded);
        return embedded;
    }

    /**
     * @param wish such as {@code 18} or {@code 18.6}; the minor number has to be the one that there is
     * @throws StoaException BAD_REQUEST, with what there is
     */
    PostgresBinaries named(String wish) {
        if (!WISH.matcher(wish).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "\"%s\" is not a version of PostgreSQL".formatted(wish), "for example: 18");
        }
        int major = Integer.parseInt(wish.replaceFirst("\\..*", ""));
        return Optional.ofNullable(known.get(major))
                .or(() -> Optional.ofNullable(all().get(major)))
                .filter(found -> !wish.contains(".") || found.version().equals(wish))
                .orElseThrow(() -> missing(wish, major));
    }

    /**
     * Tools that can read a server of one version and write to one of another: of no version before the first, and if there
     * are several the nearest.
     */
    DumpTools dumpTools(String database, int from, int to) {
        Map<Integer, DumpTools> found = new TreeMap<>();
        for (Path home : installed(DumpTools.DUMP)) {
            if (Files.isExecutable(home.resolve("bin").resolve(DumpTools.RESTORE))) {
                said(home.resolve("bin").resolve(DumpTools.DUMP))
                        .map(version -> Integer.parseInt(version.replaceFirst("\\D.*", "")))
                        .filter(major -> major >= from)
                        .ifPresent(major -> found.putIfAbsent(major, new DumpTools(home.resolve("bin"))));
            }
        }
        return found.values().stream()
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.TOOL_MISSING,
                        "moving %s from PostgreSQL %d to %d needs pg_dump and pg_restore of PostgreSQL %d or newer"
                                .formatted(database, from, to, from),
                        "apt-get install postgresql-client-%d".formatted(from)));
    }

    private StoaException missing(String wish, int major) {
        String there = all().values().stream()
                .map(PostgresBinaries::version)
                .reduce((one, other) -> one + ", " + other)
                .orElse("none");
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "there is no PostgreSQL %s on this machine".formatted(wish),
                major < MAJOR_MIN
                        ? "there are: %s; of others, %d and newer will do".formatted(there, MAJOR_MIN)
                        : "there are: %s; others by: apt-get install postgresql-%d".formatted(there, major));
    }

    /** By major version. */
    Map<Integer, PostgresBinaries> all() {
        Map<Integer, PostgresBinaries> all = new TreeMap<>();
        for (Path home : installed(SERVER)) {
            version(home)
                    .map(version -> new PostgresBinaries(home, version))
                    .filter(binaries -> binaries.major() >= MAJOR_MIN)
                    .ifPresent(binaries -> all.putIfAbsent(binaries.major(), binaries));
        }
        PostgresBinaries embedded = embedded();
        all.put(embedded.major(), embedded);
        known.putAll(all);
        return all;
    }

    private static Iterable<Path> installed(String program) {
        Map<String, Path> homes = new TreeMap<>();
        directories(DEBIAN, "*").forEach(home -> homes.put(home.toString(), home));
        for (Path home : directories(Path.of("/usr"), "pgsql-*")) {
            if (FEDORA.matcher(home.getFileName().toString()).matches()) {
                homes.put(home.toString(), home);
            }
        }
        for (String folder :
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator, -1)) {
            onPath(folder, program).ifPresent(home -> homes.put(home.toString(), home));
        }
        return homes.values();
    }

    private static Optional<Path> onPath(String folder, String name) {
        try {
            Path program = Path.of(folder, name);
            return folder.isEmpty() || !Files.isExecutable(program)
                    ? Optional.empty()
                    : Optional.ofNullable(program.toRealPath().getParent()).map(Path::getParent);
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static Iterable<Path> directories(Path parent, String glob) {
        java.util.List<Path> found = new java.util.ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(parent, glob)) {
            directories.forEach(found::add);
        } catch (IOException e) {
            return found;
        }
        return found;
    }

    private static Optional<String> version(Path home) {
        return Files.isExecutable(home.resolve("bin/initdb"))
                ? said(home.resolve("bin").resolve(SERVER))
                : Optional.empty();
    }

    private static Optional<String> said(Path program) {
        if (!Files.isExecutable(program)) {
            return Optional.empty();
        }
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher matcher = VERSION.matcher(said);
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
