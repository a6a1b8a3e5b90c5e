package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A server for caches that is installed on this machine.
 *
 * @param file may be a link, which is not to be followed: the program knows by its name what it is to do
 */
record CacheProgram(Engine engine, Path file, String version) {
    /** Since then logins can be told what they may do, channels included. */
    private static final int[] VERSION_MIN = {6, 2};

    private static final Pattern VERSION = Pattern.compile("\\bv=(\\d+)\\.(\\d+)(\\.\\d+)*");
    private static final int SAYS_SECONDS_MAX = 10;

    /** Where distributions put servers, which is not on everybody's PATH. */
    private static final List<String> MORE_FOLDERS = List.of("/usr/bin", "/usr/local/bin", "/usr/sbin");

    /** In the order in which they are taken where several are installed. */
    enum Engine {
        VALKEY,
        REDIS;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        String program() {
            return word() + "-server";
        }

        static Engine named(String word) {
            return Arrays.stream(values())
                    .filter(engine -> engine.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.BAD_REQUEST,
                            "\"%s\" is no server for caches".formatted(word),
                            "there are: "
                                    + Arrays.stream(values()).map(Engine::word).collect(Collectors.joining(", "))));
        }
    }

    /** @throws StoaException TOOL_MISSING if there is none */
    static CacheProgram any() {
        for (Engine engine : Engine.values()) {
            Optional<Path> file = find(engine);
            if (file.isPresent()) {
                return checked(engine, file.get());
            }
        }
        throw new StoaException(
                ErrorCode.TOOL_MISSING,
                "a cache needs Valkey or Redis, and neither valkey-server nor redis-server is installed on this machine",
                "install one: apt-get install valkey-server, or apt-get install redis-server;"
                        + " the service that comes with the package is not needed");
    }

    /** @throws StoaException TOOL_MISSING if it is not installed, or too old */
    static CacheProgram of(Engine engine) {
        return checked(
                engine,
                find(engine)
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.TOOL_MISSING,
                                "%s is not installed on this machine".formatted(engine.program()),
                                "install it: apt-get install " + engine.program())));
    }

    private static Optional<Path> find(Engine engine) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.concat(Stream.of(path.split(File.pathSeparator, -1)), MORE_FOLDERS.stream())
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, engine.program()))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    private static CacheProgram checked(Engine engine, Path found) {
        String said = said(found);
        Matcher version = VERSION.matcher(said);
        if (!version.find()) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "%s does not say its version; it says: %s".formatted(found, said.strip()),
                    "install it again: apt-get install --reinstall " + engine.program());
        }
        int major = Integer.parseInt(version.group(1));
        int minor = Integer.parseInt(version.group(2));
        if (major < VERSION_MIN[0] || (major == VERSION_MIN[0] && minor < VERSION_MIN[1])) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "%s is version %d.%d, and caches need %d.%d or newer"
                            .formatted(found, major, minor, VERSION_MIN[0], VERSION_MIN[1]),
                    "install a newer " + engine.program());
        }
        return new CacheProgram(engine, found, version.group().substring("v=".length()));
    }

    private static String said(Path program) {
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(SAYS_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return "(nothing)";
            }
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.INTERRUPTED, "interrupted while looking at " + program, "try again", e);
        }
    }
}
