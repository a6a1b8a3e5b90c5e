package dev.stoa.platform.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The JVM's options for Maven: what a build does well with, and behind it, so that it wins, what the app or the machine asks for. */
final class MavenOptions {
    static final String VARIABLE = "MAVEN_OPTS";

    /** From this version on the JDK warns about what today's Maven does inside itself. */
    private static final int NATIVE_ACCESS_WARNS_SINCE = 24;

    private static final String QUIET = "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow";

    /** The second compiler gives a build less than it takes from it on few processors, even where javac reads 72,000 lines. */
    private static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";

    /**
     * The JVM begins with a 64th of the memory that a build may have, and collects all of the heap when it has loaded as many
     * classes as Maven has after a second.
     */
    private static final String ROOM = "-XX:InitialRAMPercentage=12.5 -XX:MetaspaceSize=128m";

    /** Nobody waits for the pauses of a build, only for its end. */
    private static final String COLLECTOR = "-XX:+UseParallelGC";

    /** The JVM does not start with two. */
    private static final Pattern ANY_COLLECTOR = Pattern.compile("-XX:\\+Use\\w*GC\\b");

    private MavenOptions() {}

    static String of(BuildContext context, Jdk jdk) {
        String given = variable(context, VARIABLE).orElse("");
        return String.join(
                        " ",
                        jdk.feature() >= NATIVE_ACCESS_WARNS_SINCE ? QUIET : "",
                        FIRST_COMPILER,
                        ROOM,
                        chosen(context, given) ? "" : COLLECTOR,
                        given)
                .strip();
    }

    private static boolean chosen(BuildContext context, String given) {
        Stream<String> variables =
                Stream.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS").flatMap(name -> variable(context, name).stream());
        Stream<String> files =
                Stream.of(".mvn/jvm.config", ".mavenrc").flatMap(name -> context.source().text(name).stream());
        Stream<String> machines =
                Stream.of("/usr/local/etc/mavenrc", "/etc/mavenrc").flatMap(MavenOptions::text);
        return Stream.of(Stream.of(given), variables, files, machines)
                .flatMap(texts -> texts)
                .anyMatch(text -> ANY_COLLECTOR.matcher(text).find());
    }

    /** As the command will find it. */
    private static Optional<String> variable(BuildContext context, String name) {
        return Optional.ofNullable(context.config().get(name))
                .or(() ->
                        Optional.ofNullable(context.tools().networkEnvironment().get(name)));
    }

    private static Stream<String> text(String file) {
        try {
            return Stream.of(Files.readString(Path.of(file)));
        } catch (IOException e) {
            return Stream.empty();
        }
    }
}
