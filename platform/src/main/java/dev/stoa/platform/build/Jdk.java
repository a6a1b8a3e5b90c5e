package dev.stoa.platform.build;

import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A JDK and what its own file says of its version, such as 25.0.1. */
record Jdk(Path home, String version) {
    /** What the heap may take of an instance's memory: the rest is for threads, code and buffers. */
    static final String JAVA_OPTS = "-XX:MaxRAMPercentage=70 -XX:+ExitOnOutOfMemoryError";

    private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"([^\"]+)\"");
    private static final Pattern PROPERTY = Pattern.compile("(?m)^\\s*java\\.runtime\\.version\\s*[=:]\\s*(\\S+)");
    private static final Pattern SDKMAN = Pattern.compile("(?m)^\\s*java\\s*=\\s*(\\S+)");

    static Jdk at(Path home) {
        try {
            Matcher matcher = VERSION.matcher(Files.readString(home.resolve("release")));
            return new Jdk(home, matcher.find() ? matcher.group(1) : "0");
        } catch (IOException e) {
            return new Jdk(home, "0");
        }
    }

    /** What the app's files ask for, beyond its build file. */
    static Optional<ToolWish> wish(SourceFolder source) {
        return inFile(source, "system.properties", PROPERTY)
                .or(() -> ToolWish.firstLine(source, ".java-version"))
                .or(() -> inFile(source, ".sdkmanrc", SDKMAN))
                .or(() -> ToolWish.declared(source, List.of("java")))
                .filter(wish -> feature(wish.version()) > 0);
    }

    private static Optional<ToolWish> inFile(SourceFolder source, String file, Pattern pattern) {
        return source.text(file)
                .map(pattern::matcher)
                .filter(Matcher::find)
                .map(matcher -> new ToolWish(matcher.group(1), file));
    }

    /**
     * The JDK that was asked for, else the next newer one; the platform's own when nobody asks.
     *
     * @param wish     what the app's files ask for
     * @param release  for which the build file compiles, or 0
     * @param atMost   the newest that the build tool runs on
     */
    static Jdk choose(Toolchains tools, Optional<ToolWish> wish, int release, int atMost) {
        int least = wish.map(w -> feature(w.version())).orElse(release);
        List<Jdk> jdks = tools.javaHomes().stream()
                .filter(home -> Files.isExecutable(home.resolve("bin/javac")))
                .map(Jdk::at)
                .filter(jdk -> jdk.feature() >= least)
                .toList();
        // A compiler plugin of the app's own time may not know a JDK that came later.
        Comparator<Jdk> nearest = Comparator.comparingInt(jdk -> least == 0 ? 0 : jdk.feature());
        Stream<Jdk> fitting = jdks.stream().filter(jdk -> jdk.feature() <= atMost);
        return fitting.min(nearest).or(() -> jdks.stream().min(nearest)).orElseThrow(() -> missing(wish, least));
    }

    private static StoaException missing(Optional<ToolWish> wish, int least) {
        String version = String.valueOf(least == 0 ? 25 : least);
        return Toolchains.missing(
                "JDK %s or newer%s"
                        .formatted(
                                version,
                                wish.map(w -> " (%s asks for it)".formatted(w.file()))
                                        .orElse("")),
                "a Java app",
                "openjdk-" + version + "-jdk",
                "java-" + version + "-openjdk-devel",
                "openjdk@" + version);
    }

    int feature() {
        return feature(version);
    }

    /** 17 of 17.0.2, of 1.17, of temurin-17.0.2+8 and of 17.0.2-tem. */
    private static int feature(String version) {
        List<Integer> numbers = ToolWish.numbers(version);
        return numbers.isEmpty()
                ? 0
                : numbers.getFirst() == 1 && numbers.size() > 1 ? numbers.get(1) : numbers.getFirst();
    }

    String path() {
        return home.resolve("bin") + ":" + BuildEnvironment.SYSTEM_PATH;
    }

    List<Path> readable() {
        return Toolchains.isSystem(home) ? List.of() : List.of(home);
    }
}
