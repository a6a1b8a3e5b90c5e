package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Finds in what a build left behind the program that serves, and how its framework is told the port. */
record JavaProgram(SourceFolder source, String output) {
    private static final int MANIFEST_BYTES_MAX = 64 * 1024;
    private static final int MODULES_DEPTH_MAX = 3;
    private static final String QUARKUS = "quarkus-app/quarkus-run.jar";

    /** @param output where the build tool puts what it makes, such as {@code target}, in each module */
    static Optional<String> command(SourceFolder source, String output) {
        JavaProgram program = new JavaProgram(source, output);
        List<Path> folders = program.outputs();
        return program.quarkus(folders).or(() -> program.jar(folders)).or(() -> program.script(folders));
    }

    private Optional<String> quarkus(List<Path> folders) {
        return folders.stream()
                .map(folder -> relative(folder.resolve(QUARKUS)))
                .filter(source::has)
                .findFirst()
                .map(jar -> "java $JAVA_OPTS -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar "
                        + Shell.quoteIfNeeded(jar));
    }

    /** The largest with a main class: where a plugin packs the dependencies in, it leaves the small one beside. */
    private Optional<String> jar(List<Path> folders) {
        return folders.stream()
                .flatMap(folder -> Stream.of(folder, folder.resolve("libs")))
                .flatMap(folder -> jars(folder).stream())
                .filter(jar -> source.has(relative(jar)))
                .flatMap(jar -> start(jar).stream())
                .findFirst();
    }

    /** What Gradle's application plugin installs. */
    private Optional<String> script(List<Path> folders) {
        return folders.stream()
                .flatMap(folder -> ToolFinder.children(folder.resolve("install")).stream())
                .map(folder -> relative(folder.resolve("bin").resolve(ToolFinder.nameOf(folder))))
                .filter(source::has)
                .findFirst()
                .map(script -> "sh " + Shell.quoteIfNeeded(script));
    }

    private String relative(Path file) {
        return source.root().relativize(file).toString();
    }

    /** Of the root first, then of its modules. */
    private List<Path> outputs() {
        List<Path> found = new ArrayList<>();
        List<Path> level = List.of(source.root());
        for (int depth = 0; depth < MODULES_DEPTH_MAX; depth++) {
            List<Path> next = new ArrayList<>();
            for (Path folder : level) {
                Path candidate = folder.resolve(output);
                if (Files.isDirectory(candidate, LinkOption.NOFOLLOW_LINKS)) {
                    found.add(candidate);
                }
                next.addAll(modules(folder));
            }
            level = next;
        }
        return found;
    }

    private List<Path> modules(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(child -> Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS))
                    .filter(child ->
                            !List.of("src", output, "node_modules", ".git").contains(ToolFinder.nameOf(child)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }

    /** Largest first. */
    private static List<Path> jars(Path folder) {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file ->
                            file.toString().endsWith(".jar") || file.toString().endsWith(".war"))
                    .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .sorted(Comparator.comparingLong(JavaProgram::size).reversed())
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

    private Optional<String> start(Path jar) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.getEntry("META-INF/MANIFEST.MF");
            if (entry == null) {
                return Optional.empty();
            }
            try (InputStream in = zip.getInputStream(entry)) {
                Attributes attributes =
                        new Manifest(new ByteArrayInputStream(in.readNBytes(MANIFEST_BYTES_MAX))).getMainAttributes();
                return Optional.ofNullable(attributes.getValue(Attributes.Name.MAIN_CLASS))
                        .map(main -> "java $JAVA_OPTS %s-jar %s"
                                .formatted(port(zip, attributes), Shell.quoteIfNeeded(relative(jar))));
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED, "the build made a jar that cannot be read: " + e.getMessage(), "", e);
        }
    }

    private static String port(ZipFile zip, Attributes attributes) {
        if (attributes.getValue("Spring-Boot-Version") != null) {
            return "-Dserver.port=$PORT ";
        }
        return zip.getEntry("io/micronaut/runtime/Micronaut.class") == null ? "" : "-Dmicronaut.server.port=$PORT ";
    }
}
