package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The layers of all buildpacks, and what of them the next build gets. They stand in the slug, at the same path for the
 * build and for the instances.
 *
 * <p>Kept in the app's cache are what is to be there when the next build begins ({@code restore}), and the files of launch
 * layers that a buildpack may leave as they were ({@code launch}). The build's own shell copies, since the files are made
 * by the app's code. What is kept is replaced as a whole, by a build that succeeded.
 */
final class LayersFolder {
    static final String PATH = CloudNativeBuild.OWN + "/layers";

    private static final String STORE = "store.toml";
    private static final Set<String> NO_LAYERS = Set.of("launch", "build", "store");
    private static final String TOML = ".toml";
    private static final int LAYERS_MAX = 200;

    /** Where the file system can share blocks until they are written to, a copy costs next to nothing. */
    private static final String COPY = """
            set -e
            copy() { cp -a --reflink=auto "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -a "$1" "$2"; }; }
            """;

    private final Workbench bench;
    private final Folder app;
    private final Folder kept;

    LayersFolder(Workbench bench, Folder app) {
        this.bench = bench;
        this.app = app;
        Path cache = bench.cache().resolve("kept");
        this.kept = new Folder(cache, cache.toString());
    }

    static String of(Buildpack buildpack) {
        return PATH + "/" + buildpack.folder();
    }

    /** Makes the folders, with what the last build has left for this one. */
    void restore(List<Buildpack> group) throws InterruptedException {
        StringBuilder script =
                new StringBuilder(COPY).append("rm -rf ").append(PATH).append('\n');
        StringBuilder bare = new StringBuilder(script);
        for (Buildpack buildpack : group) {
            String make = "mkdir -p %s\n".formatted(quote(of(buildpack)));
            script.append(make);
            bare.append(make);
            if (kept.hasFolder("restore/" + buildpack.folder())) {
                script.append("cp -a %s/. %s/\n"
                        .formatted(quote(kept.mount() + "/restore/" + buildpack.folder()), quote(of(buildpack))));
            }
        }
        if (!bench.attempt(script.toString())) {
            bench.detail("the layers of the last build could not be restored");
            bench.run("making the folders of the layers", bare.toString(), Map.of());
        }
    }

    /** The layers as a buildpack has left them, in alphabetical order. What is for nobody else is put out of the way. */
    List<Layer> read(Buildpack buildpack) throws InterruptedException {
        String folder = of(buildpack);
        List<Layer> layers = new ArrayList<>();
        for (String file : app.names(folder)) {
            String name = file.endsWith(TOML) ? file.substring(0, file.length() - TOML.length()) : "";
            if (name.isEmpty()
                    || NO_LAYERS.contains(name)
                    || app.file(folder + "/" + file).isEmpty()) {
                continue;
            }
            if (layers.size() == LAYERS_MAX) {
                throw buildpack.problem("has made more than %d layers".formatted(LAYERS_MAX), "it must make fewer");
            }
            String path = folder + "/" + name;
            String text = app.text(folder + "/" + file).orElse("");
            layers.add(Layer.parse(buildpack.name(), name, path, app.hasFolder(path), text));
        }
        List<String> ignored = layers.stream()
                .filter(layer -> layer.ignored() && layer.present())
                .map(layer -> "rm -rf %1$s.ignore; mv %1$s %1$s.ignore".formatted(quote(layer.path())))
                .toList();
        if (!ignored.isEmpty()) {
            bench.run("putting layers out of the way", String.join("\n", ignored), Map.of());
        }
        return layers.stream()
                .filter(layer -> !layer.ignored())
                .sorted(Comparator.comparing(Layer::name))
                .toList();
    }

    /** Gets the launch layers that the buildpack wants as they were in the last build. */
    void reuse(Buildpack buildpack, List<Layer> layers) throws InterruptedException {
        for (Layer layer : layers) {
            if (layer.launch() && !layer.present()) {
                String name = buildpack.folder() + "/" + layer.name();
                String from = List.of("launch/", "restore/").stream()
                        .map(place -> place + name)
                        .filter(kept::hasFolder)
                        .findFirst()
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.BUILD_FAILED,
                                "layer %s of %s has launch = true, but there is no folder of that name, and the last build has none to reuse"
                                        .formatted(layer.name(), layer.buildpack()),
                                "bin/build must make the folder $CNB_LAYERS_DIR/%s, or leave out %1$s.toml"
                                        .formatted(layer.name())));
                bench.run(
                        "reusing layer %s of %s".formatted(layer.name(), layer.buildpack()),
                        COPY + "copy %s %s".formatted(quote(kept.mount() + "/" + from), quote(layer.path())),
                        Map.of());
            }
        }
    }

    /** Keeps what the next build gets; a failure costs time in the next build, nothing else. */
    void save(List<Buildpack> group, List<List<Layer>> layers) throws InterruptedException {
        String described = CloudNativeBuild.WORK + "/kept";
        String next = kept.mount() + ".new";
        StringBuilder script = new StringBuilder(COPY)
                .append("new=%1$s; rm -rf \"$new\"; mkdir -p \"$new\"\n".formatted(quote(next)))
                .append("copy %s \"$new\"/restore\n".formatted(quote(described)));
        app.write(described + "/api", "");
        for (int i = 0; i < group.size(); i++) {
            String folder = group.get(i).folder();
            app.text(of(group.get(i)) + "/" + STORE)
                    .ifPresent(text -> app.write(described + "/" + folder + "/" + STORE, text));
            script.append("mkdir -p \"$new\"/restore/%1$s \"$new\"/launch/%1$s\n".formatted(quote(folder)));
            for (Layer layer : layers.get(i)) {
                boolean restored = layer.cache() || (layer.launch() && !layer.build());
                if (restored) {
                    app.write(described + "/" + folder + "/" + layer.name() + TOML, layer.metadata());
                    script.append(
                            "for sbom in %s.sbom.*; do [ ! -e \"$sbom\" ] || cp -a \"$sbom\" \"$new\"/restore/%s/; done\n"
                                    .formatted(quote(layer.path()), quote(folder)));
                }
                if (app.hasFolder(layer.path()) && (layer.cache() || layer.launch())) {
                    script.append("copy %s \"$new\"/%s/%s\n"
                            .formatted(
                                    quote(layer.path()),
                                    layer.cache() ? "restore" : "launch",
                                    quote(folder + "/" + layer.name())));
                }
            }
        }
        script.append("rm -rf %1$s; mv \"$new\" %1$s\n".formatted(quote(kept.mount())));
        if (!bench.attempt(script.toString())) {
            bench.attempt("rm -rf " + quote(next));
            bench.detail("the layers could not be kept for the next build");
        }
    }

    /** Leaves of all layers those that instances need. */
    void clean(List<Layer> launch) throws InterruptedException {
        String only = PATH + ".launch";
        StringBuilder script = new StringBuilder("set -e\nrm -rf %1$s; mkdir -p %1$s\n".formatted(only));
        for (Layer layer : launch) {
            String to = only + layer.path().substring(PATH.length());
            script.append("mkdir -p \"$(dirname %1$s)\"; mv %2$s %1$s\n".formatted(quote(to), quote(layer.path())));
        }
        script.append("rm -rf %1$s %2$s; mv %3$s %1$s\n".formatted(PATH, CloudNativeBuild.WORK, only));
        bench.run("putting the layers together", script.toString(), Map.of());
    }

    private static String quote(String text) {
        return Shell.quote(text);
    }
}
