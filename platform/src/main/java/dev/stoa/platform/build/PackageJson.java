package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The parts of a package.json that a build goes by. */
record PackageJson(JsonNode root) {
    static final String FILE = "package.json";

    /** What npm runs in the app itself after an install. */
    private static final List<String> INSTALL_SCRIPTS =
            List.of("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare");

    private static final List<String> DEPENDENCY_KEYS = List.of(
            "dependencies",
            "devDependencies",
            "optionalDependencies",
            "peerDependencies",
            "overrides",
            "resolutions",
            "pnpm",
            "workspaces");

    static PackageJson read(SourceFolder source) {
        return new PackageJson(
                new JsonFile(FILE, JsonFile.HINT).object(source.text(FILE).orElse("{}")));
    }

    Optional<String> script(String name) {
        JsonNode script = root.path("scripts").path(name);
        return script.isString() && !script.stringValue().isBlank()
                ? Optional.of(script.stringValue())
                : Optional.empty();
    }

    Optional<String> main() {
        JsonNode main = root.path("main");
        return main.isString() ? Optional.of(main.stringValue()) : Optional.empty();
    }

    /** A range of {@code engines}. */
    Optional<String> engine(String name) {
        JsonNode range = root.path("engines").path(name);
        return range.isString() && !range.stringValue().isBlank()
                ? Optional.of(range.stringValue().strip())
                : Optional.empty();
    }

    /** Such as {@code pnpm@9.1.0}, without the hash that may follow. */
    Optional<String> packageManager() {
        JsonNode field = root.path("packageManager");
        return field.isString()
                ? Optional.of(field.stringValue().replaceFirst("\\+.*", "").strip())
                : Optional.empty();
    }

    boolean hasWorkspaces() {
        return !root.path("workspaces").isEmpty();
    }

    /** Whether a package is among the dependencies or the development dependencies. */
    boolean needs(String name) {
        return root.path("dependencies").has(name)
                || root.path("devDependencies").has(name);
    }

    boolean hasDevDependencies() {
        return !root.path("devDependencies").isEmpty();
    }

    /** A development dependency that a command runs or loads, such as {@code ts-node} in {@code node -r ts-node/register}. */
    Optional<String> devDependencyIn(String command) {
        Set<String> words = new HashSet<>(List.of(command.split("[\\s=/;&|\"']+", -1)));
        return root.path("devDependencies").propertyNames().stream()
                .filter(name -> !root.path("dependencies").has(name))
                .filter(name -> words.contains(name.replaceFirst("^@.*/", "")))
                .findFirst();
    }

    /** Whether an install leaves nothing but node_modules, always the same for the same lock file. */
    boolean installsOnlyModules() {
        return !root.has("workspaces")
                && INSTALL_SCRIPTS.stream().noneMatch(s -> script(s).isPresent());
    }

    /** The texts that decide what is installed. */
    List<String> dependencies() {
        List<String> texts = new ArrayList<>();
        DEPENDENCY_KEYS.forEach(key -> texts.add(root.path(key).toString()));
        return texts;
    }
}
