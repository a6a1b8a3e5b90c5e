package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Java and Kotlin with Gradle: the executable jar in build/libs, or what the application plugin installs. */
final class GradleBuildpack implements Buildpack {
    private static final List<String> FILES =
            List.of("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts");
    private static final String PROPERTIES = "gradle/wrapper/gradle-wrapper.properties";

    private static final Pattern RELEASE = Pattern.compile(
            "(?:JavaLanguageVersion\\.of\\(|jvmToolchain\\(|JavaVersion\\.VERSION_(?:1_)?|sourceCompatibility\\s*=\\s*['\"]?(?:1\\.)?|release\\s*=\\s*|release\\.set\\()(\\d{1,2})");
    private static final Pattern WRAPPED = Pattern.compile("gradle-(\\d+\\.\\d+)");

    /** The newest JDK that a Gradle runs on, by the Gradle that brought it. From Gradle's compatibility matrix. */
    private static final NavigableMap<Integer, Integer> NEWEST_JDK = new TreeMap<>(Map.ofEntries(
            Map.entry(500, 11),
            Map.entry(600, 13),
            Map.entry(603, 14),
            Map.entry(607, 15),
            Map.entry(700, 16),
            Map.entry(703, 17),
            Map.entry(705, 18),
            Map.entry(706, 19),
            Map.entry(803, 20),
            Map.entry(805, 21),
            Map.entry(808, 22),
            Map.entry(810, 23),
            Map.entry(814, 24),
            Map.entry(901, 25)));

    @Override
    public String name() {
        return "gradle";
    }

    @Override
    public String looksFor() {
        return "build.gradle";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return FILES.stream().anyMatch(source::has);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        String script = scripts(context.source());
        Optional<ToolWish> wish = Jdk.wish(context.source());
        Jdk jdk = Jdk.choose(context.tools(), wish, release(script), newestJdk(context.source()));
        context.step("Using JDK " + jdk.version());
        Path home = context.cache("gradle");
        Map<String, String> env = new HashMap<>();
        env.put("JAVA_HOME", jdk.home().toString());
        env.put("PATH", jdk.path());
        env.put("GRADLE_USER_HOME", home.toString());
        JavaTool gradle = JavaTool.find(
                context, ToolKind.GRADLE, "gradlew", PROPERTIES, home.resolve("wrapper/dists"), env, jdk.readable());
        String task = task(script);
        context.step("Building with Gradle: " + task);
        context.run(
                "gradle " + task,
                gradle.command() + " " + task + " --no-daemon --console=plain --quiet",
                env,
                gradle.readable());
        DependencyCache.boundDownloads(context, home);
        return new Built(
                JavaProgram.command(context.source(), "build")
                        .map(command -> Map.of("web", command))
                        .orElse(Map.of()),
                Map.of("JAVA_HOME", jdk.home().toString(), "PATH", jdk.path(), "JAVA_OPTS", Jdk.JAVA_OPTS),
                jdk.readable());
    }

    /** The build files of the root and of the modules below it, and the catalogue of versions, in one text. */
    private static String scripts(SourceFolder source) {
        List<String> folders = Stream.concat(
                        Stream.of(""),
                        ToolFinder.children(source.root()).stream().map(folder -> ToolFinder.nameOf(folder) + "/"))
                .toList();
        return Stream.concat(
                        folders.stream().flatMap(folder -> FILES.stream().map(file -> folder + file)),
                        Stream.of("gradle/libs.versions.toml"))
                .flatMap(file -> source.text(file).stream())
                .collect(Collectors.joining("\n"));
    }

    /** What makes something that runs, by the plugins that the build names. */
    static String task(String script) {
        if (Pattern.compile("(?m)(task\\s*\\(?\\s*|register\\(\\s*|create\\(\\s*)[\"']?stage[\"']?\\b")
                .matcher(script)
                .find()) {
            return "stage";
        }
        if (script.contains("org.springframework.boot")) {
            return "bootJar";
        }
        if (script.contains("io.quarkus")) {
            return "quarkusBuild";
        }
        if (script.contains("com.github.johnrengelman.shadow")
                || script.contains("com.gradleup.shadow")
                || script.contains("io.micronaut.application")) {
            return "shadowJar";
        }
        boolean installs = script.contains("io.ktor.plugin")
                || Pattern.compile(
                                "(?m)(^\\s*application\\s*$|id\\s*\\(?\\s*[\"']application[\"']|plugin:\\s*[\"']application[\"']|mainClass(Name)?\\b)")
                        .matcher(script)
                        .find();
        return installs ? "installDist" : "assemble";
    }

    private static int release(String script) {
        Matcher matcher = RELEASE.matcher(script);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static int newestJdk(SourceFolder source) {
        Matcher matcher = WRAPPED.matcher(source.text(PROPERTIES).orElse(""));
        if (!matcher.find()) {
            return Integer.MAX_VALUE;
        }
        List<Integer> version = ToolWish.numbers(matcher.group(1));
        int number = version.get(0) * 100 + version.get(1);
        var entry = NEWEST_JDK.floorEntry(number);
        boolean newerThanKnown = number > NEWEST_JDK.lastKey();
        return entry == null || newerThanKnown ? Integer.MAX_VALUE : entry.getValue();
    }
}
