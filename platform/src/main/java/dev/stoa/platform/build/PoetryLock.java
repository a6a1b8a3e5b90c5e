package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A poetry.lock. Poetry 2 writes into it, for each package, to which groups it belongs and where it is needed, so that pip
 * can install from it, with its hashes. For older ones Poetry itself is needed.
 */
final class PoetryLock {
    private static final List<String> LEGACY_KEYS = List.of("dependencies", "source", "extras", "dev-dependencies");

    /** Of a dependency of which pip can be told. */
    private static final Set<String> SIMPLE_KEYS = Set.of("version", "extras", "markers", "optional");

    private PoetryLock() {}

    static PythonInstall install(TomlParseResult project, String projectText, String lockText) {
        TomlParseResult parsed = Toml.parse(lockText);
        if (parsed.hasErrors()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "poetry.lock cannot be read: " + parsed.errors().getFirst(),
                    "run \"poetry lock\", commit poetry.lock, and deploy again");
        }
        JsonNode lock = Json.MAPPER.readTree(parsed.toJson());
        JsonNode pyproject = Json.MAPPER.readTree(project.toJson());
        String made = lock.path("metadata").path("content-hash").asString("");
        if (Stream.of(true, false).noneMatch(groups -> hash(pyproject, groups).equals(made))) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "poetry.lock does not fit pyproject.toml: it was made from another one",
                    "run \"poetry lock\", commit poetry.lock, and deploy again");
        }
        List<JsonNode> packages = lock.path("package").valueStream().toList();
        if (packages.stream().anyMatch(p -> !p.has("groups"))) {
            return ofOlder(packages, pyproject, projectText)
                    .orElseGet(() -> new PoetryInstall(project, projectText, lockText));
        }
        return pip(
                packages.stream()
                        .filter(p -> !p.path("optional").asBoolean(false))
                        .filter(p -> p.path("groups")
                                .valueStream()
                                .anyMatch(g -> g.asString().equals("main")))
                        .toList(),
                isPackage(pyproject),
                projectText);
    }

    private static boolean isPackage(JsonNode pyproject) {
        return pyproject.has("build-system")
                && pyproject.path("tool").path("poetry").path("package-mode").asBoolean(true);
    }

    private static PipInstall pip(List<JsonNode> packages, boolean isPackage, String projectText) {
        StringBuilder pinned = new StringBuilder();
        StringBuilder other = new StringBuilder();
        Set<String> indexes = new LinkedHashSet<>();
        boolean keeps = true;
        for (JsonNode entry : packages) {
            String type = entry.path("source").path("type").asString("");
            Optional<String> direct = direct(entry, type);
            if (direct.isPresent()) {
                other.append(direct.get()).append('\n');
                keeps &= type.equals("git") || type.equals("url");
            } else {
                if (type.equals("legacy")) {
                    indexes.add("--extra-index-url "
                            + entry.path("source").path("url").asString() + "\n");
                }
                pinned.append(pinned(entry)).append('\n');
            }
        }
        Map<String, String> files = new LinkedHashMap<>();
        List<String> arguments = new ArrayList<>();
        Map.of("poetry-pinned.txt", pinned, "poetry-other.txt", other).forEach((name, text) -> {
            if (!text.isEmpty()) {
                files.put(name, String.join("", indexes) + text);
                arguments.add("--no-deps -r %s/%s".formatted(BuildContext.OWN_FOLDER, name));
            }
        });
        if (isPackage) {
            arguments.add("--no-deps -e .");
        }
        List<String> ingredients = new ArrayList<>(files.values());
        // The names of its programs are in there, too.
        ingredients.add(projectText);
        return new PipInstall(arguments, files, ingredients, keeps, List.of("poetry"));
    }

    /**
     * Older lock files do not say which packages the app itself needs: pip works that out from the project, and is held to
     * the locked versions. Absent where only Poetry can tell.
     */
    private static Optional<PythonInstall> ofOlder(List<JsonNode> packages, JsonNode pyproject, String projectText) {
        JsonNode dependencies = pyproject.path("tool").path("poetry").path("dependencies");
        boolean each =
                packages.stream().map(p -> p.path("name").asString()).distinct().count() == packages.size();
        boolean simple = dependencies
                .valueStream()
                .allMatch(d -> d.isString() || (d.isObject() && SIMPLE_KEYS.containsAll(d.propertyNames())));
        boolean indexed = packages.stream().noneMatch(p -> p.has("source"));
        if (!each || !simple || !indexed || dependencies.isEmpty()) {
            return Optional.empty();
        }
        String wanted = dependencies.properties().stream()
                .filter(d -> !d.getKey().equals("python")
                        && !d.getValue().path("optional").asBoolean(false))
                .map(d -> d.getKey()
                        + (d.getValue().path("extras").isEmpty()
                                ? ""
                                : d.getValue()
                                        .path("extras")
                                        .valueStream()
                                        .map(JsonNode::asString)
                                        .collect(Collectors.joining(",", "[", "]")))
                        + condition(d.getValue()))
                .collect(Collectors.joining("\n"));
        String locked = packages.stream()
                .map(p -> p.path("name").asString() + "==" + p.path("version").asString())
                .collect(Collectors.joining("\n"));
        Map<String, String> files = Map.of("poetry-wanted.txt", wanted, "poetry-locked.txt", locked);
        List<String> arguments = new ArrayList<>(
                List.of("-r %1$s/poetry-wanted.txt -c %1$s/poetry-locked.txt".formatted(BuildContext.OWN_FOLDER)));
        if (isPackage(pyproject)) {
            arguments.add("--no-deps -e .");
        }
        return Optional.of(
                new PipInstall(arguments, files, List.of(wanted, locked, projectText), true, List.of("poetry")));
    }

    private static String pinned(JsonNode entry) {
        String hashes = entry.path("files")
                .valueStream()
                .map(file -> " --hash=" + file.path("hash").asString())
                .collect(Collectors.joining());
        return "%s==%s%s%s"
                .formatted(entry.path("name").asString(), entry.path("version").asString(), condition(entry), hashes);
    }

    /** What does not come from an index. */
    private static Optional<String> direct(JsonNode entry, String type) {
        JsonNode source = entry.path("source");
        String url = source.path("url").asString("");
        String name = entry.path("name").asString();
        return switch (type) {
            case "git" ->
                Optional.of("%s @ git+%s@%s%s%s"
                        .formatted(
                                name,
                                url,
                                source.path("resolved_reference").asString(""),
                                source.has("subdirectory")
                                        ? "#subdirectory="
                                                + source.path("subdirectory").asString()
                                        : "",
                                condition(entry)));
            case "url" -> Optional.of("%s @ %s%s".formatted(name, url, condition(entry)));
            case "directory" -> Optional.of((entry.path("develop").asBoolean(false) ? "-e ./" : "./") + url);
            case "file" -> Optional.of("./" + url);
            default -> Optional.empty();
        };
    }

    private static String condition(JsonNode entry) {
        JsonNode markers = entry.path("markers");
        String text = markers.isString()
                ? markers.stringValue()
                : markers.path("main").asString("");
        return text.isEmpty() ? "" : " ; " + text;
    }

    /** As Poetry computes it: of the JSON of those parts of the project that decide what is locked. */
    static String hash(JsonNode pyproject, boolean withGroups) {
        JsonNode project = pyproject.path("project");
        JsonNode poetry = pyproject.path("tool").path("poetry");
        ObjectNode ofProject = Json.MAPPER.createObjectNode();
        Stream.of("requires-python", "dependencies", "optional-dependencies")
                .filter(project::has)
                .forEach(key -> ofProject.set(key, project.path(key)));
        JsonNode groups = withGroups ? pyproject.path("dependency-groups") : Json.MAPPER.createObjectNode();
        boolean modern = !ofProject.isEmpty() || !groups.isEmpty();
        ObjectNode ofPoetry = Json.MAPPER.createObjectNode();
        for (String key :
                Stream.concat(LEGACY_KEYS.stream(), Stream.of("group")).toList()) {
            if (poetry.has(key)) {
                ofPoetry.set(key, poetry.path(key));
            } else if (!modern && LEGACY_KEYS.contains(key)) {
                ofPoetry.putNull(key);
            }
        }
        if (!modern) {
            return CanonicalJson.DEFAULT.sha256(ofPoetry);
        }
        ObjectNode content = Json.MAPPER.createObjectNode();
        if (!ofProject.isEmpty()) {
            content.set("project", ofProject);
        }
        if (!groups.isEmpty()) {
            content.set("dependency-groups", groups);
        }
        content.putObject("tool").set("poetry", ofPoetry);
        return CanonicalJson.DEFAULT.sha256(content);
    }
}
