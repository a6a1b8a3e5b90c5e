package dev.stoa.api;

import dev.stoa.api.Manifest.BuildManifest;
import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.api.Manifest.ReleaseManifest;
import dev.stoa.api.ResourceManifest.Wish;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What all the files of a source folder say of the app: {@code stoa.toml} wins over {@code app.json} and the Procfile.
 *
 * @param setup   what is asked for beyond the manifest
 * @param origins by key as in stoa.toml, such as {@code processes.web.command}: the file and the line, such as {@code
 *     Procfile:1}
 * @param addons  of whose wishes the manifest's resources are, beside those of stoa.toml
 * @param notes   what the files ask for and Stoa does not provide, for people
 */
public record MergedManifest(
        Manifest manifest, AppSetup setup, Map<String, String> origins, List<Addon> addons, List<String> notes) {
    private static final String WEB = "web";

    public MergedManifest {
        origins = Map.copyOf(origins);
        addons = List.copyOf(addons);
        notes = List.copyOf(notes);
    }

    /**
     * Reads a folder; a file that is not there says nothing.
     *
     * @throws StoaException BAD_MANIFEST or BAD_PROCFILE, with the file and the line
     */
    public static MergedManifest read(Path folder) {
        Manifest own = ManifestFile.read(folder.resolve(ManifestFile.NAME));
        return new Merge(
                        own,
                        SourceText.read(folder, AppJson.NAME, ErrorCode.BAD_MANIFEST)
                                .map(AppJson::parse)
                                .orElseGet(() -> AppJson.parse("{}")),
                        SourceText.read(folder, Procfile.NAME, ErrorCode.BAD_PROCFILE)
                                .map(Procfile::parse)
                                .orElseGet(() -> Procfile.parse("")),
                        EnvExample.read(folder),
                        SourceText.read(folder, ManifestFile.NAME, ErrorCode.BAD_MANIFEST)
                                .map(TomlLines::of)
                                .orElse(Map.of()))
                .merged();
    }

    /**
     * What {@link #of} takes, of the files that are there.
     *
     * @throws StoaException BAD_MANIFEST or BAD_PROCFILE for a file that is no text
     */
    public static Map<String, String> texts(Path folder) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name : List.of(ManifestFile.NAME, AppJson.NAME)) {
            SourceText.read(folder, name, ErrorCode.BAD_MANIFEST).ifPresent(text -> texts.put(name, text));
        }
        SourceText.read(folder, Procfile.NAME, ErrorCode.BAD_PROCFILE)
                .ifPresent(text -> texts.put(Procfile.NAME, text));
        EnvExample.text(folder).forEach(texts::put);
        return texts;
    }

    /**
     * The same as {@link #read}, of what the files of a folder hold.
     *
     * @param texts by the names of the files
     */
    public static MergedManifest of(Map<String, String> texts) {
        Optional<String> own = Optional.ofNullable(texts.get(ManifestFile.NAME));
        return new Merge(
                        own.map(text -> ManifestFile.parse(text, ManifestFile.NAME))
                                .orElse(Manifest.EMPTY),
                        AppJson.parse(texts.getOrDefault(AppJson.NAME, "{}")),
                        Procfile.parse(texts.getOrDefault(Procfile.NAME, "")),
                        EnvExample.of(texts),
                        own.map(TomlLines::of).orElse(Map.of()))
                .merged();
    }

    /**
     * The same, where the app does not get what an add-on stands for.
     *
     * @param why a note for people, in one or more lines
     */
    public MergedManifest without(Addon addon, List<String> why) {
        List<Addon> others =
                addons.stream().filter(other -> !other.equals(addon)).toList();
        List<Wish> wishes = manifest.resources().wishes().stream()
                .filter(wish -> !wish.equals(addon.wish()))
                .toList();
        List<String> more = new ArrayList<>(notes);
        more.addAll(why);
        return new MergedManifest(manifest.with(new ResourceManifest(wishes)), setup, origins, others, more);
    }

    private static final class Merge {
        private final Manifest own;
        private final AppJson appJson;
        private final Procfile procfile;
        private final EnvExample example;
        private final List<Addon> addons;
        private final Map<String, String> origins = new HashMap<>();

        Merge(Manifest own, AppJson appJson, Procfile procfile, EnvExample example, Map<String, Integer> ownLines) {
            this.own = own;
            this.appJson = appJson;
            this.procfile = procfile;
            this.example = example;
            this.addons = appJson.addons().stream()
                    .filter(addon -> own.resources().wishes().stream()
                            .noneMatch(wish -> wish.kind().equals(addon.wish().kind())))
                    .toList();
            appJson.lines().forEach((key, line) -> {
                if (own.crons().keySet().stream().noneMatch(name -> key.startsWith("crons.%s.".formatted(name)))) {
                    origins.put(key, AppJson.NAME + ":" + line);
                }
            });
            procfile.lines().forEach((type, line) -> origins.put(commandKey(type), Procfile.NAME + ":" + line));
            ownLines.forEach((key, line) -> origins.put(key, ManifestFile.NAME + ":" + line));
        }

        private static String commandKey(String type) {
            return type.equals(Procfile.RELEASE) ? "release.command" : "processes.%s.command".formatted(type);
        }

        MergedManifest merged() {
            Manifest manifest = new Manifest(
                    own.name(),
                    own.domains(),
                    own.port(),
                    build(),
                    processes(),
                    new ReleaseManifest(
                            own.release().command().or(procfile::release),
                            own.release().timeout()),
                    env(),
                    own.network(),
                    crons(),
                    own.edge(),
                    own.routing(),
                    resources());
            return new MergedManifest(manifest, setup(manifest), origins, addons, notes());
        }

        private BuildManifest build() {
            BuildManifest build = own.build();
            if (build.buildpack().isPresent()
                    || !build.buildpacks().isEmpty()
                    || appJson.buildpack().isEmpty()) {
                return build;
            }
            return new BuildManifest(appJson.buildpack(), build.buildpacks(), build.env(), build.timeout());
        }

        private Map<String, ProcessManifest> processes() {
            Set<String> types = new TreeSet<>(own.processes().keySet());
            types.addAll(procfile.processes().keySet());
            types.addAll(appJson.instances().keySet());
            types.addAll(appJson.health().keySet());
            Map<String, ProcessManifest> processes = new LinkedHashMap<>();
            for (String type : types) {
                ProcessManifest process = own.process(type);
                processes.put(
                        type,
                        new ProcessManifest(
                                process.command()
                                        .or(() -> Optional.ofNullable(
                                                procfile.processes().get(type))),
                                process.instances()
                                        .or(() -> Optional.ofNullable(
                                                        appJson.instances().get(type))
                                                .map(InstanceRange::fixed)),
                                process.memoryBytes(),
                                process.cpu(),
                                process.health()
                                        .or(() -> Optional.ofNullable(
                                                appJson.health().get(type)))));
            }
            return processes;
        }

        private Map<String, String> env() {
            Map<String, String> env = new LinkedHashMap<>();
            appJson.env().forEach((name, variable) -> variable.value().ifPresent(value -> env.put(name, value)));
            env.putAll(own.env());
            return env;
        }

        private Map<String, CronManifest> crons() {
            Map<String, CronManifest> crons = new LinkedHashMap<>(appJson.crons());
            crons.putAll(own.crons());
            return crons;
        }

        /** A table of stoa.toml stands for all the add-ons of its kind. */
        private ResourceManifest resources() {
            return new ResourceManifest(Stream.concat(
                            own.resources().wishes().stream(), addons.stream().map(Addon::wish))
                    .toList());
        }

        private AppSetup setup(Manifest manifest) {
            Map<String, String> required = new LinkedHashMap<>();
            List<String> generated = new ArrayList<>();
            appJson.env().forEach((name, variable) -> {
                if (manifest.env().containsKey(name)) {
                    return;
                }
                switch (variable.need()) {
                    case REQUIRED -> required.put(name, variable.description());
                    case GENERATED -> generated.add(name);
                    case OPTIONAL -> {}
                }
            });
            return new AppSetup(
                    required,
                    generated,
                    example.names(),
                    example.file(),
                    appJson.postdeploy(),
                    appJson.predeployEach(),
                    appJson.postdeployEach());
        }

        /** Only one process type gets requests, and a name that looks like it does not help. */
        private List<String> notes() {
            List<String> notes = new ArrayList<>(appJson.notes());
            appJson.addons().stream()
                    .filter(addon ->
                            !addons.contains(addon) && !own.resources().wishes().contains(addon.wish()))
                    .forEach(addon -> notes.add("app.json: %s is not used: stoa.toml says which %s the app has"
                            .formatted(
                                    addon.service(),
                                    ResourceTables.tableOf(addon.wish().kind()))));
            Set<String> types = procfile.processes().keySet();
            types.stream()
                    .filter(type -> type.equalsIgnoreCase(WEB) && !types.contains(WEB))
                    .findFirst()
                    .ifPresent(type ->
                            notes.add("Procfile: \"%s\" gets no requests: the process type that does is named \"web\""
                                    .formatted(type)));
            return notes;
        }
    }
}
