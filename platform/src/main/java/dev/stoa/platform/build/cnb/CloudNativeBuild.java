package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import dev.stoa.platform.build.cnb.LaunchToml.Start;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Builds an app with Cloud Native Buildpacks, as the lifecycle of the Buildpack API does, but in the app's own folder rather
 * than into an image: find the buildpacks, detect, restore the layers of the last build, build, and write the program that
 * starts the processes.
 *
 * <p>Everything that buildpacks write is read through {@link Folder}.
 */
public final class CloudNativeBuild {
    static final String OWN = ".stoa";
    static final String WORK = OWN + "/cnb";
    static final String PLATFORM = WORK + "/platform";
    static final String LAUNCHER = OWN + "/launch";

    private static final String BUILD_TOML = "build.toml";
    private static final int BUILDPACKS_MAX = 100;

    private final Workbench bench;
    private final List<String> own;
    private final Target machine;
    private final Folder app;
    private final LayersFolder layers;

    /** @param own names of Stoa's own buildpacks, for whoever meant one of them */
    public CloudNativeBuild(Workbench bench, List<String> own) {
        this.bench = bench;
        this.own = List.copyOf(own);
        this.machine = Target.ofThisMachine();
        this.app = new Folder(bench.app(), bench.mount());
        this.layers = new LayersFolder(bench, app);
    }

    /**
     * What was built.
     *
     * @param processes shell commands by process type
     * @param env       for commands that are not among them, such as a release command
     */
    public record Built(Map<String, String> processes, Map<String, String> env) {
        public Built {
            processes = Map.copyOf(processes);
            env = Map.copyOf(env);
        }
    }

    /** How a command that is not from launch.toml gets the environment of a process type. */
    public static String command(String type, String command) {
        return LaunchScript.command(type, command);
    }

    /**
     * Builds.
     *
     * @param references entries of {@code [build] buildpacks}
     */
    public Built build(List<String> references) throws InterruptedException {
        List<Buildpack> given = given(references);
        app.makeFolder(PLATFORM + "/env");
        bench.config().forEach((name, value) -> app.write(PLATFORM + "/env/" + name, value));
        Detection.Found found = new Detection(bench, app, machine).first(Order.groups(given));
        layers.restore(found.group());
        Result result = run(found);
        List<Layer> launch = result.layers().stream()
                .flatMap(List::stream)
                .filter(Layer::launch)
                .toList();
        LaunchScript script = script(result);
        layers.save(found.group(), result.layers());
        layers.clean(launch);
        Map<String, String> base = Map.of("PATH", bench.path());
        Map<String, Start> starts = ProcessTypes.of(result.starts(), bench);
        app.writeProgram(LAUNCHER, script.text(starts, base));
        return new Built(
                starts.keySet().stream().collect(Collectors.toMap(type -> type, LaunchScript::command)),
                script.env(base));
    }

    private List<Buildpack> given(List<String> references) throws InterruptedException {
        if (references.size() > BUILDPACKS_MAX) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "\"buildpacks\" of [build] in stoa.toml names more than %d".formatted(BUILDPACKS_MAX),
                    "name those that the app needs");
        }
        List<Reference> parsed =
                references.stream().map(text -> Reference.parse(text, own, app)).toList();
        List<Buildpack> given = new ArrayList<>();
        for (int i = 0; i < parsed.size(); i++) {
            String shown = Reference.shown(references.get(i).strip());
            given.add(
                    switch (parsed.get(i)) {
                        case Reference.InSource(String folder) -> Buildpack.in(shown, app, folder);
                        case Reference.InGit git -> {
                            Folder repository = new GitBuildpacks(bench).fetch(git);
                            yield Buildpack.in(shown, repository, git.folder().isEmpty() ? "." : git.folder());
                        }
                    });
        }
        return given;
    }

    /**
     * What the buildpacks have made, in their order.
     *
     * @param starts by type as launch.toml names them
     */
    private record Result(List<List<Layer>> layers, Map<String, Start> starts) {}

    private Result run(Detection.Found found) throws InterruptedException {
        BuildPlan.Open plan = new BuildPlan.Open(found.plan());
        List<List<Layer>> made = new ArrayList<>();
        Map<String, Start> starts = new LinkedHashMap<>();
        Map<String, String> env = new HashMap<>(Map.of("PATH", bench.path()));
        for (Buildpack buildpack : found.group()) {
            bench.step("Building with " + buildpack.name());
            List<BuildPlan.Entry> asked = plan.of(buildpack.name());
            runBuild(buildpack, asked, env);
            List<Layer> left = layers.read(buildpack);
            layers.reuse(buildpack, left);
            made.add(left);
            List<Layer> forOthers = left.stream()
                    .filter(layer -> layer.build() && layer.present())
                    .toList();
            List<EnvChange> changes = new ArrayList<>(EnvChange.ofFolders(app, forOthers, false));
            for (Layer layer : forOthers) {
                changes.addAll(EnvChange.ofFiles(app, layer, "env", List.of("env.build")));
                changes.addAll(EnvChange.ofFiles(app, layer, "env.build", List.of("env")));
            }
            changes.forEach(change -> change.apply(env));
            met(buildpack, asked, plan);
            app.text(LayersFolder.of(buildpack) + "/" + LaunchToml.NAME)
                    .ifPresent(text ->
                            LaunchToml.parse(buildpack.name(), text).forEach(start -> starts.put(start.type(), start)));
        }
        plan.left()
                .forEach(name ->
                        bench.detail("nobody has provided \"%s\", which the build plan asks for".formatted(name)));
        return new Result(made, starts);
    }

    private void runBuild(Buildpack buildpack, List<BuildPlan.Entry> asked, Map<String, String> before)
            throws InterruptedException {
        String program = buildpack.program("build");
        String file = WORK + "/plan-of-%s.toml".formatted(buildpack.folder());
        app.write(file, BuildPlan.text(asked));
        String platform = app.mount() + "/" + PLATFORM;
        String folder = app.mount() + "/" + LayersFolder.of(buildpack);
        Map<String, String> env = withConfig(bench, buildpack, before);
        env.putAll(buildpack.env(machine, platform));
        env.put("CNB_LAYERS_DIR", folder);
        env.put("CNB_BP_PLAN_PATH", app.mount() + "/" + file);
        bench.run(
                "bin/build of buildpack " + buildpack.name(),
                "exec "
                        + List.of(program, folder, platform, app.mount() + "/" + file).stream()
                                .map(Shell::quote)
                                .collect(Collectors.joining(" ")),
                env);
    }

    /** The environment, and in it the config vars that the build may see, unless the buildpack wants none there. */
    static Map<String, String> withConfig(Workbench bench, Buildpack buildpack, Map<String, String> before) {
        Map<String, String> env = new HashMap<>(before);
        env.putIfAbsent("PATH", bench.path());
        if (!buildpack.toml().clearEnv()) {
            bench.config().forEach((name, value) -> {
                String there = env.getOrDefault(name, "");
                env.put(name, EnvChange.PATHS.contains(name) && !there.isEmpty() ? value + ":" + there : value);
            });
        }
        return env;
    }

    /** What a buildpack has not done goes on to the next one that provides it. */
    private void met(Buildpack buildpack, List<BuildPlan.Entry> asked, BuildPlan.Open plan) {
        String where = BUILD_TOML + " of " + buildpack.name();
        List<String> unmet = app.text(LayersFolder.of(buildpack) + "/" + BUILD_TOML)
                .map(text -> TomlFile.parse(where, text).tables("unmet").stream()
                        .map(entry -> entry.need("name"))
                        .toList())
                .orElse(List.of());
        List<String> names = asked.stream().map(BuildPlan.Entry::name).toList();
        unmet.stream().filter(name -> !names.contains(name)).findFirst().ifPresent(name -> {
            throw Layer.bad(
                    where,
                    "[[unmet]] names \"%s\", which the build plan did not ask of it; it was asked for: %s"
                            .formatted(name, names.isEmpty() ? "nothing" : String.join(", ", names)));
        });
        asked.stream().filter(entry -> !unmet.contains(entry.name())).forEach(plan::met);
    }

    private LaunchScript script(Result result) throws InterruptedException {
        LaunchScript script = new LaunchScript(app.mount());
        for (List<Layer> made : result.layers()) {
            List<Layer> launch = made.stream().filter(Layer::launch).toList();
            script.always(EnvChange.ofFolders(app, launch, true));
            for (Layer layer : launch) {
                script.always(EnvChange.ofFiles(app, layer, "env", List.of("env.launch")));
                script.always(EnvChange.ofFiles(app, layer, "env.launch", List.of("env")));
                for (String type : app.names(layer.path() + "/env.launch")) {
                    String folder = "env.launch/" + type;
                    if (app.hasFolder(layer.path() + "/" + folder)) {
                        script.only(type, EnvChange.ofFiles(app, layer, folder, List.of("env.launch", "env")));
                    }
                }
                programs(layer, "exec.d", Optional.empty(), script);
            }
        }
        if (script.runsPrograms() && !bench.attempt("command -v awk")) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "this machine has no awk, which exec.d programs of buildpacks need",
                    "install it where the platform runs: on Debian and Ubuntu \"apt install mawk\", on Fedora \"dnf install gawk\"");
        }
        return script;
    }

    private void programs(Layer layer, String folder, Optional<String> type, LaunchScript script) {
        for (String name : app.names(layer.path() + "/" + folder)) {
            String relative = layer.path() + "/" + folder + "/" + name;
            String path = app.mount() + "/" + relative;
            Optional<Path> there = app.resolve(relative);
            if (there.filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
                    .isPresent()) {
                if (type.isEmpty()) {
                    programs(layer, folder + "/" + name, Optional.of(name), script);
                }
                continue;
            }
            if (there.filter(p -> !Files.isExecutable(p)).isPresent()) {
                throw Layer.bad(
                        "%s/%s of layer %s of %s".formatted(folder, name, layer.name(), layer.buildpack()),
                        "it is not executable");
            }
            type.ifPresentOrElse(t -> script.runs(t, path), () -> script.runs(path));
        }
    }
}
