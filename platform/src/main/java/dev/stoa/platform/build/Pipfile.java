package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a Pipfile, or its lock file, asks for, as requirements that pip reads: Pipenv itself is not needed.
 *
 * @param requirements files by name; what has hashes and what has none stand apart, since pip mixes them not
 * @param complete     whether it names the dependencies of dependencies as well
 * @param keeps        whether the same text always means the same packages
 */
record Pipfile(Map<String, String> requirements, boolean complete, boolean keeps) {
    static final String FILE = "Pipfile";
    static final String LOCK = "Pipfile.lock";

    private static final String LOCK_HINT = "run \"pipenv lock\", commit Pipfile.lock, and deploy again";

    /** Pipenv's own source, which is the machine's default here, and that may be a mirror. */
    private static final String DEFAULT_INDEX = "pypi";

    private static final Set<String> NO_PACKAGES = Set.of(
            "source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop");

    static Pipfile locked(SourceFolder source) {
        JsonNode lock = new JsonFile(LOCK, LOCK_HINT).parse(source.text(LOCK).orElse("{}"));
        String made = lock.path("_meta").path("hash").path("sha256").asString("");
        TomlParseResult file = parse(source);
        // Without a source Pipenv hashes one of its own.
        if (file.contains("source") && !made.equals(hash(file))) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "Pipfile.lock does not fit Pipfile: it was made from another one",
                    LOCK_HINT);
        }
        return of(indexes(lock.path("_meta").path("sources")), lock.path("default"), true);
    }

    static Pipfile unlocked(SourceFolder source) {
        JsonNode file = json(parse(source));
        return of(indexes(file.path("source")), file.path("packages"), false);
    }

    static Optional<PythonVersion> requiredPython(SourceFolder source) {
        TomlParseResult file = parse(source);
        return Stream.of("requires.python_full_version", "requires.python_version")
                .flatMap(key -> Optional.ofNullable(file.getString(key)).stream())
                .map(version -> new PythonVersion(FILE, version))
                .findFirst();
    }

    private static TomlParseResult parse(SourceFolder source) {
        TomlParseResult file = Toml.parse(source.text(FILE).orElse(""));
        if (file.hasErrors()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "Pipfile cannot be read: " + file.errors().getFirst(),
                    "put it right and deploy again");
        }
        return file;
    }

    private static JsonNode json(TomlTable table) {
        return Json.MAPPER.readTree(table.toJson());
    }

    private static Pipfile of(String indexes, JsonNode packages, boolean complete) {
        StringBuilder pinned = new StringBuilder();
        StringBuilder other = new StringBuilder();
        boolean keeps = true;
        for (Map.Entry<String, JsonNode> entry : packages.properties()) {
            JsonNode hashes = entry.getValue().path("hashes");
            (hashes.isEmpty() ? other : pinned)
                    .append(line(entry.getKey(), entry.getValue()))
                    .append('\n');
            keeps &= !entry.getValue().has("path") && !entry.getValue().has("file");
        }
        Map<String, String> files = new LinkedHashMap<>();
        if (!pinned.isEmpty()) {
            files.put("pipfile-pinned.txt", indexes + pinned);
        }
        if (!other.isEmpty()) {
            files.put("pipfile-other.txt", indexes + other);
        }
        return new Pipfile(files, complete, keeps);
    }

    private static String line(String name, JsonNode entry) {
        String version =
                entry.isString() ? entry.stringValue() : entry.path("version").asString("");
        String extras = entry.path("extras").isEmpty()
                ? ""
                : entry.path("extras").valueStream().map(JsonNode::asString).collect(Collectors.joining(",", "[", "]"));
        String markers = Stream.of("markers", "sys_platform", "platform_system", "python_version")
                .filter(entry::has)
                .map(key -> key.equals("markers")
                        ? "(" + entry.path(key).asString() + ")"
                        : key + " " + entry.path(key).asString())
                .collect(Collectors.joining(" and "));
        String condition = markers.isEmpty() ? "" : " ; " + markers;
        for (String kind : List.of("git", "hg", "svn", "bzr")) {
            if (entry.has(kind)) {
                String ref = entry.has("ref") ? "@" + entry.path("ref").asString() : "";
                String folder = entry.has("subdirectory")
                        ? "#subdirectory=" + entry.path("subdirectory").asString()
                        : "";
                return "%s%s @ %s+%s%s%s%s"
                        .formatted(name, extras, kind, entry.path(kind).asString(), ref, folder, condition);
            }
        }
        if (entry.has("path")) {
            return (entry.path("editable").asBoolean(false) ? "-e " : "")
                    + entry.path("path").asString()
                    + extras;
        }
        if (entry.has("file")) {
            return "%s%s @ %s%s".formatted(name, extras, entry.path("file").asString(), condition);
        }
        String hashes = entry.path("hashes")
                .valueStream()
                .map(hash -> " --hash=" + hash.asString())
                .collect(Collectors.joining());
        return name + extras + (version.equals("*") ? "" : version) + condition + hashes;
    }

    /** The first source is where pip looks, the others are where it looks as well. */
    private static String indexes(JsonNode sources) {
        List<String> others = sources.valueStream()
                .filter(source -> !source.path("name").asString("").equals(DEFAULT_INDEX))
                .map(source -> source.path("url").asString(""))
                .filter(url -> url.startsWith("http"))
                .toList();
        boolean replaced = !others.isEmpty() && others.size() == sources.size();
        return others.stream()
                .map(url -> (replaced && url.equals(others.getFirst()) ? "--index-url " : "--extra-index-url ") + url
                        + "\n")
                .collect(Collectors.joining());
    }

    /** As Pipenv computes it: of the JSON of the file's packages and sources, with sorted keys. */
    static String hash(TomlTable file) {
        JsonNode root = json(file);
        ObjectNode content = Json.MAPPER.createObjectNode();
        ObjectNode meta = content.putObject("_meta");
        meta.set("requires", root.has("requires") ? root.path("requires") : Json.MAPPER.createObjectNode());
        meta.set("sources", root.path("source"));
        content.set("default", root.has("packages") ? root.path("packages") : Json.MAPPER.createObjectNode());
        content.set("develop", root.has("dev-packages") ? root.path("dev-packages") : Json.MAPPER.createObjectNode());
        root.properties().stream()
                .filter(entry -> !NO_PACKAGES.contains(entry.getKey()))
                .forEach(entry -> content.set(entry.getKey(), entry.getValue()));
        return CanonicalJson.COMPACT.sha256(content);
    }
}
