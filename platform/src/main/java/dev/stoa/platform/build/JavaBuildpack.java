package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Java with Maven: the executable jar that {@code mvn package} leaves in target/. */
final class JavaBuildpack implements Buildpack {
    private static final String POM = "pom.xml";
    private static final String WRAPPER = "mvnw";
    private static final int MANIFEST_BYTES_MAX = 64 * 1024;

    /** From this version on the JDK warns about what today's Maven does inside itself. */
    private static final int NATIVE_ACCESS_WARNS_SINCE = 24;

    private static final Pattern RELEASE = Pattern.compile(
            "<(maven\\.compiler\\.release|maven\\.compiler\\.target|java\\.version|release)>\\s*(?:1\\.)?(\\d{1,3})\\s*</");

    @Override
    public String name() {
        return "java";
    }

    @Override
    public String looksFor() {
        return POM;
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(POM);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        String pom = context.source().text(POM).orElse("");
        Jdk jdk = chooseJdk(context.tools(), release(pom));
        context.step("Using JDK " + jdk.version());
        List<Path> readable = new ArrayList<>(jdk.readable());
        String maven;
        if (context.source().has(WRAPPER)) {
            maven = "sh ./" + WRAPPER;
        } else {
            Toolchains.Tool tool = context.tools().maven();
            readable.addAll(tool.readable());
            maven = DependencyCache.quote(tool.program().toString());
        }
        Path repository = context.cache("maven");
        Map<String, String> env = new HashMap<>();
        env.put("JAVA_HOME", jdk.home().toString());
        env.put("PATH", jdk.path());
        env.put("MAVEN_USER_HOME", repository.toString());
        env.put("MAVEN_OPTS", mavenOptions(context, jdk));
        context.step("Building with Maven");
        context.run(
                "mvn package",
                "%s -q -B -DskipTests -Dmaven.repo.local=%s package"
                        .formatted(
                                maven,
                                DependencyCache.quote(
                                        repository.resolve("repository").toString())),
                env,
                readable);
        DependencyCache.boundDownloads(context, repository);
        return new Built(
                executableJar(context.source())
                        .map(jar -> Map.of("web", "java $JAVA_OPTS -jar " + jar))
                        .orElse(Map.of()),
                Map.of("JAVA_HOME", jdk.home().toString(), "PATH", jdk.path()),
                jdk.readable());
    }

    private static String mavenOptions(BuildContext context, Jdk jdk) {
        String options = context.tools().networkEnvironment().getOrDefault("MAVEN_OPTS", "");
        if (jdk.feature() >= NATIVE_ACCESS_WARNS_SINCE) {
            options += " --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow";
        }
        // A build runs once and briefly: the second compiler would cost more than it gives.
        return (options + " -XX:TieredStopAtLevel=1").strip();
    }

    private static Optional<Integer> release(String pom) {
        Matcher matcher = RELEASE.matcher(pom);
        return matcher.find() ? Optional.of(Integer.valueOf(matcher.group(2))) : Optional.empty();
    }

    private static Jdk chooseJdk(Toolchains tools, Optional<Integer> release) {
        List<Jdk> jdks = tools.javaHomes().stream()
                .filter(home -> Files.isExecutable(home.resolve("bin/javac")))
                .map(Jdk::at)
                .toList();
        return jdks.stream()
                .filter(jdk -> jdk.feature() >= release.orElse(0))
                .findFirst()
                .orElseThrow(() -> {
                    String version = String.valueOf(release.orElse(25));
                    return Toolchains.missing(
                            "JDK " + version + " or newer",
                            "a Java app",
                            "openjdk-" + version + "-jdk",
                            "java-" + version + "-openjdk-devel",
                            "openjdk@" + version);
                });
    }

    /** A JDK and what its own file says of its version, such as 25.0.1. */
    private record Jdk(Path home, String version) {
        private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"([^\"]+)\"");

        static Jdk at(Path home) {
            try {
                Matcher matcher = VERSION.matcher(Files.readString(home.resolve("release")));
                return new Jdk(home, matcher.find() ? matcher.group(1) : "0");
            } catch (IOException e) {
                return new Jdk(home, "0");
            }
        }

        int feature() {
            String plain = version.startsWith("1.") ? version.substring(2) : version;
            return Integer.parseInt(plain.replaceFirst("\\D.*", ""));
        }

        String path() {
            return home.resolve("bin") + ":" + BuildEnvironment.SYSTEM_PATH;
        }

        List<Path> readable() {
            return Toolchains.isSystem(home) ? List.of() : List.of(home);
        }
    }

    /** The largest jar with a main class: where a plugin packs the dependencies in, it leaves the small one beside. */
    private static Optional<String> executableJar(SourceFolder source) {
        Path root = source.root();
        List<Path> folders = new ArrayList<>(List.of(root.resolve("target")));
        try (Stream<Path> modules = Files.list(root)) {
            modules.map(module -> module.resolve("target")).sorted().forEach(folders::add);
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
        return folders.stream()
                .flatMap(folder -> jars(folder).stream())
                .filter(jar -> source.has(root.relativize(jar).toString()))
                .filter(JavaBuildpack::isExecutable)
                .map(jar -> DependencyCache.quoteIfNeeded(root.relativize(jar).toString()))
                .findFirst();
    }

    /** Largest first. */
    private static List<Path> jars(Path folder) {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .sorted(Comparator.comparingLong(JavaBuildpack::size).reversed())
                    .toList();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static boolean isExecutable(Path jar) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.getEntry("META-INF/MANIFEST.MF");
            if (entry == null) {
                return false;
            }
            try (InputStream in = zip.getInputStream(entry)) {
                Manifest manifest = new Manifest(new ByteArrayInputStream(in.readNBytes(MANIFEST_BYTES_MAX)));
                return manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS) != null;
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED, "the build made a jar that cannot be read: " + e.getMessage(), "", e);
        }
    }
}
