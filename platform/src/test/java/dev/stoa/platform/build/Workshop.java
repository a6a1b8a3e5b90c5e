package dev.stoa.platform.build;

import dev.stoa.api.AppName;
import dev.stoa.api.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** What a test needs to build one app several times: folders, a shell, and the output. */
final class Workshop {
    static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

    /** Of all tests, as making it takes seconds. */
    private static final Path KEPT = Path.of("target/toolchains").toAbsolutePath();

    final LocalShell shell = new LocalShell();
    final List<String> output = new ArrayList<>();

    /** By name, what buildpacks wanted kept. */
    final Map<String, String> secrets = new HashMap<>();

    Map<String, String> environment = System.getenv();
    Manifest manifest = Manifest.EMPTY;
    Map<String, String> config = Map.of();

    private final Path dir;
    private int builds;

    Workshop(Path dir) {
        this.dir = dir;
    }

    /** A new, empty source folder: each deploy unpacks into its own. */
    Path source() {
        try {
            return Files.createDirectories(dir.resolve("slug-" + ++builds));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path source(Map<String, String> files) {
        Path source = source();
        files.forEach((name, text) -> write(source, name, text));
        return source;
    }

    Path cache() {
        return dir.resolve("cache");
    }

    Slug build(Path source) throws InterruptedException {
        return build(source, shell);
    }

    Slug build(Path source, BuildShell shell) throws InterruptedException {
        output.clear();
        Builder builder = Builder.standard(shell, environment, staticServerJar(dir), JAVA_HOME, KEPT);
        Consumer<String> lines = output::add;
        try {
            Files.createDirectories(cache());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return builder.build(
                new BuildRequest(new AppName("shop"), 1, source, cache(), manifest, config, this::keep), lines);
    }

    private void keep(String name, Function<byte[], String> form) {
        secrets.computeIfAbsent(name, n -> form.apply(new byte[32]));
    }

    /** Starts a process type as an engine would. */
    Process start(Slug slug, String type, int port) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        "sh", "-c", "exec " + slug.processes().get(type))
                .directory(slug.root().toFile())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("out.txt").toFile());
        builder.environment().clear();
        Map<String, String> env = new HashMap<>(Map.of("PATH", BuildEnvironment.SYSTEM_PATH));
        env.putAll(slug.env());
        env.put("PORT", Integer.toString(port));
        builder.environment().putAll(env);
        return builder.start();
    }

    String printed() throws IOException {
        return Files.readString(dir.resolve("out.txt"));
    }

    static void write(Path folder, String name, String text) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Manifest manifest(Optional<String> buildpack, Map<String, String> commands, Optional<String> release) {
        Map<String, Manifest.ProcessManifest> processes = new HashMap<>();
        commands.forEach((type, command) -> processes.put(
                type,
                new Manifest.ProcessManifest(
                        Optional.of(command), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty())));
        return new Manifest(
                Optional.empty(),
                List.of(),
                Optional.empty(),
                new Manifest.BuildManifest(buildpack, List.of(), List.of(), Optional.empty()),
                processes,
                new Manifest.ReleaseManifest(release, Optional.empty()),
                Map.of(),
                Manifest.NetworkManifest.CLOSED,
                Map.of(),
                Manifest.EMPTY.edge(),
                Manifest.EMPTY.routing(),
                Manifest.EMPTY.resources());
    }

    /** The module's jar; made here where the tests run on its classes alone. */
    private static Path staticServerJar(Path dir) {
        try {
            URI location = dev.stoa.staticserver.Main.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
            Path classes = Path.of(location);
            Path jar = dir.resolve("static-server.jar");
            if (Files.isRegularFile(classes)) {
                return classes;
            } else if (!Files.exists(jar)) {
                pack(classes, jar);
            }
            return jar;
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pack(Path classes, Path jar) throws IOException {
        java.util.jar.Manifest manifest = new java.util.jar.Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "dev.stoa.staticserver.Main");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream zip = new JarOutputStream(out, manifest);
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                zip.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, zip);
            }
        }
    }
}
