package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.Nearest;
import dev.stoa.api.Procfile;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Turns source into a slug: finds the buildpack, lets it work, and settles which commands the app consists of.
 *
 * <p>A command comes from {@code stoa.toml}, else from the Procfile, else the buildpack guesses it. Builds of different
 * apps may run at once.
 */
public final class Builder {
    private static final List<String> CONTAINER_FILES = List.of(
            "Dockerfile", "Containerfile", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml");

    private static final int FOLDERS_NAMED_MAX = 5;

    private final BuildShell shell;
    private final Toolchains tools;
    private final List<Buildpack> buildpacks;
    private final Buildpack cloudNative;

    /** @param buildpacks the first that recognises a folder builds it */
    Builder(BuildShell shell, Toolchains tools, List<Buildpack> buildpacks) {
        this.shell = shell;
        this.tools = tools;
        this.buildpacks = List.copyOf(buildpacks);
        this.cloudNative = new CloudNativeBuildpacks(
                buildpacks.stream().map(Buildpack::name).toList());
    }

    /**
     * A builder with all of Stoa's buildpacks.
     *
     * @param environment     the platform's own: its PATH finds the toolchains, and what package managers need to reach
     *     the network is passed on, see {@link BuildEnvironment}
     * @param staticServerJar serves static sites
     * @param javaHome        the JDK that runs the platform
     * @param kept            a folder for what the builds of all apps share
     */
    public static Builder standard(
            BuildShell shell, Map<String, String> environment, Path staticServerJar, Path javaHome, Path kept) {
        StaticSite site = new StaticSite(staticServerJar, javaHome);
        return new Builder(
                shell,
                new Toolchains(environment, javaHome),
                List.of(
                        // Before Node.js, as apps of other languages bring a package.json for their pages.
                        new RubyBuildpack(site),
                        new PhpBuildpack(),
                        new PythonBuildpack(new EmptyVenvs(kept.resolve("python"))),
                        new JavaBuildpack(),
                        new GradleBuildpack(),
                        new GoBuildpack(),
                        new RustBuildpack(),
                        new DenoBuildpack(site),
                        new BunBuildpack(site),
                        new NodeBuildpack(site),
                        new StaticBuildpack(site),
                        new ProcfileBuildpack()));
    }

    /**
     * Builds in the request's folder.
     *
     * @param output gets the lines for the user: steps as {@code -----> Step}, details indented by seven spaces
     * @throws StoaException when the app cannot be built; the folder is then of no further use
     * @throws InterruptedException when the build is cancelled; the cache stays good
     */
    public Slug build(BuildRequest request, Consumer<String> output) throws InterruptedException {
        try {
            // Stoa's own corner of the slug; whatever the source brings under this name would be in the way.
            FileTree.delete(request.source().resolve(BuildContext.OWN_FOLDER));
            SourceFolder source = new SourceFolder(request.source(), request.manifest());
            Optional<Procfile> procfile = source.text(Procfile.NAME).map(Procfile::parse);
            Buildpack buildpack = choose(source);
            BuildContext context = new BuildContext(shell, tools, request, source, output);
            context.step(capitalised(buildpack.name()) + " detected");
            others(buildpack, source).ifPresent(context::detail);
            Buildpack.Built built = built(buildpack, context);
            Map<String, String> processes = processes(request.manifest(), procfile, buildpack, built);
            context.step("Process types: "
                    + new TreeMap<>(processes)
                            .entrySet().stream()
                                    .map(p -> p.getKey() + " (" + p.getValue() + ")")
                                    .collect(Collectors.joining(", ")));
            return slug(request, buildpack, built, processes, procfile);
        } catch (UncheckedIOException e) {
            throw BuildContext.diskError(Objects.requireNonNull(e.getCause()));
        }
    }

    /** What an install has brought is kept though the build fails later: the next one will want it. */
    private static Buildpack.Built built(Buildpack buildpack, BuildContext context) throws InterruptedException {
        Buildpack.Built built;
        try {
            built = buildpack.build(context);
        } catch (RuntimeException e) {
            context.end();
            throw e;
        }
        context.end();
        return built;
    }

    /**
     * Waits for what a build has left to be done beside whatever followed it; before, its folder and its app's cache may
     * be neither deleted nor built in.
     *
     * @throws InterruptedException when the calling thread is interrupted; what was running has ended then
     */
    public void settle(Path source) throws InterruptedException {
        shell.settle(source);
    }

    private static String capitalised(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private Slug slug(
            BuildRequest request,
            Buildpack buildpack,
            Buildpack.Built built,
            Map<String, String> processes,
            Optional<Procfile> procfile) {
        Map<String, String> env = new HashMap<>(Map.of("LANG", BuildEnvironment.LANG));
        env.putAll(built.env());
        return new Slug(
                request.source(),
                shell.slugMount(request.source()),
                buildpack.name(),
                processes,
                request.manifest().release().command().or(() -> procfile.flatMap(Procfile::release)),
                env,
                built.readable(),
                FileTree.sizeBytes(request.source()));
    }

    private Buildpack choose(SourceFolder source) {
        if (cloudNative.detects(source)) {
            return cloudNative;
        }
        Optional<String> wanted = source.manifest().build().buildpack();
        if (wanted.isPresent()) {
            return buildpacks.stream()
                    .filter(b -> b.name().equals(wanted.get()))
                    .findFirst()
                    .orElseThrow(() -> unknown(wanted.get()));
        }
        return buildpacks.stream().filter(b -> b.detects(source)).findFirst().orElseThrow(() -> notRecognised(source));
    }

    /** Whoever deploys a Django project with a package.json in it should see what was not chosen. */
    private Optional<String> others(Buildpack chosen, SourceFolder source) {
        if (source.manifest().build().buildpack().isPresent() || chosen.equals(cloudNative)) {
            return Optional.empty();
        }
        return buildpacks.stream()
                .filter(b -> !b.equals(chosen) && !(b instanceof ProcfileBuildpack) && b.detects(source))
                .map(b -> "also found %s: to use it, write buildpack = \"%s\" under [build] in stoa.toml"
                        .formatted(b.looksFor(), b.name()))
                .findFirst();
    }

    private static Map<String, String> processes(
            Manifest manifest, Optional<Procfile> procfile, Buildpack buildpack, Buildpack.Built built) {
        Map<String, String> named = new HashMap<>();
        procfile.ifPresent(p -> named.putAll(p.processes()));
        manifest.processes().forEach((type, process) -> process.command().ifPresent(c -> named.put(type, c)));
        Map<String, String> processes = new HashMap<>(built.guesses());
        named.forEach((type, command) -> processes.put(type, buildpack.started(type, command)));
        if (processes.isEmpty()) {
            throw new StoaException(
                    ErrorCode.NOT_RECOGNISED,
                    "the app is built, but nothing says how to start it: there is no Procfile, and nothing that the %s buildpack starts by itself"
                            .formatted(buildpack.name()),
                    "write a Procfile with a line such as:  web: %s   (worker: in place of web: where it takes no requests)"
                            .formatted(buildpack.startExample()));
        }
        return processes;
    }

    private StoaException unknown(String name) {
        List<String> names = buildpacks.stream().map(Buildpack::name).toList();
        return new StoaException(
                ErrorCode.BAD_MANIFEST,
                "\"%s\" is not a buildpack: it is asked for under [build] in stoa.toml, and there are %s"
                        .formatted(name, String.join(", ", names)),
                Nearest.of(name, names)
                        .map("did you mean \"%s\"?   buildpack = \"%1$s\""::formatted)
                        .orElse("there are: " + String.join(", ", names)));
    }

    private StoaException notRecognised(SourceFolder source) {
        Optional<String> docker = CONTAINER_FILES.stream().filter(source::has).findFirst();
        if (docker.isPresent()) {
            return new StoaException(
                    ErrorCode.NOT_RECOGNISED,
                    "the folder has a %s, but this platform has no Docker engine yet, and there is nothing else to build from: "
                                    .formatted(docker.get())
                            + lookedFor(),
                    "write a Procfile with a line such as:  web: ./server --port $PORT");
        }
        return new StoaException(
                ErrorCode.NOT_RECOGNISED,
                "nothing in the folder says what kind of app this is; looked for " + lookedFor(),
                inside(source)
                        .map("deploy the folder in it that is the app: %s"::formatted)
                        .orElse(
                                "deploy the folder that has one of these files, or write a Procfile with a line such as:  web: ./server --port $PORT"));
    }

    /** The folders of a repository that are apps, such as {@code client (node), server (go)}. */
    private Optional<String> inside(SourceFolder source) {
        String apps = ToolFinder.children(source.root()).stream()
                .filter(folder -> !Files.isSymbolicLink(folder))
                .sorted()
                .flatMap(folder -> buildpacks.stream()
                        .filter(b -> b.detects(new SourceFolder(folder, Manifest.EMPTY)))
                        .limit(1)
                        .map(b -> "%s (%s)".formatted(ToolFinder.nameOf(folder), b.name())))
                .limit(FOLDERS_NAMED_MAX)
                .collect(Collectors.joining(", "));
        return apps.isEmpty() ? Optional.empty() : Optional.of(apps);
    }

    private String lookedFor() {
        return buildpacks.stream()
                .map(b -> "%s (%s)".formatted(b.looksFor(), b.name()))
                .collect(Collectors.joining(", "));
    }
}
