package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a buildpack says of itself.
 *
 * @param clearEnv whether config vars stay out of the environment of its programs
 * @param order    of a composite buildpack: the groups to try; empty for one that has programs of its own
 * @param targets  the machines that it is for; none stands for any
 */
record BuildpackToml(
        String api, String id, String version, boolean clearEnv, List<List<Part>> order, List<Target> targets) {
    static final String NAME = "buildpack.toml";

    /** Versions of the Buildpack API that differ in nothing that matters here. */
    static final List<String> APIS = List.of("0.10", "0.11", "0.12");

    /** Apps are built and run for the one environment that there is. */
    static final String EXEC_ENV = "production";

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9./-]{1,200}");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9.+_-]{1,100}");

    /**
     * An entry of a group.
     *
     * @param version empty where any will do
     */
    record Part(String id, String version, boolean optional) {}

    BuildpackToml {
        order = order.stream().map(List::copyOf).toList();
        targets = List.copyOf(targets);
    }

    /** @param where the buildpack as the user named it */
    static BuildpackToml parse(String where, String text) {
        String file = NAME + " of " + where;
        TomlFile toml = TomlFile.parse(file, text);
        String api = toml.text("api").orElse("");
        if (!APIS.contains(api)) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "%s: %s, and Stoa runs buildpacks of %s"
                            .formatted(
                                    file,
                                    api.isEmpty()
                                            ? "it names no \"api\", the version of the Buildpack API"
                                            : "it is for version %s of the Buildpack API".formatted(api),
                                    String.join(", ", APIS)),
                    "take a release of the buildpack that is for one of them, or write:  api = \"0.10\"");
        }
        TomlFile about = toml.table("buildpack").orElseThrow(() -> toml.problem("it has no table [buildpack]"));
        String id = about.need("id");
        if (!ID.matcher(id).matches() || Stream.of(id.split("/", -1)).anyMatch(BuildpackToml::isNoName)) {
            throw about.wrong("id", "may have letters, digits, dots, slashes and hyphens, such as \"acme/node\"");
        }
        String version = about.text("version").orElse("");
        if (!version.isEmpty() && !VERSION.matcher(version).matches()) {
            throw about.wrong("version", "must be of the form \"1.2.3\"");
        }
        List<List<Part>> order =
                toml.tables("order").stream().map(BuildpackToml::group).toList();
        List<String> environments =
                about.tables("exec-env").stream().map(env -> env.need("name")).toList();
        if (!environments.isEmpty() && !environments.contains(EXEC_ENV)) {
            throw about.wrong("exec-env", "leaves out \"production\", which is what Stoa builds for");
        }
        return new BuildpackToml(api, id, version, about.flag("clear-env"), order, targets(toml));
    }

    private static boolean isNoName(String segment) {
        return segment.isEmpty() || segment.equals(".") || segment.equals("..");
    }

    private static List<Part> group(TomlFile order) {
        List<Part> parts = order.tables("group").stream()
                .filter(part -> applies(part.texts("exec-env")))
                .map(part -> new Part(part.need("id"), part.text("version").orElse(""), part.flag("optional")))
                .toList();
        if (parts.isEmpty()) {
            throw order.problem("an [[order]] has no [[order.group]]");
        }
        return parts;
    }

    /** Whether something with this {@code exec-env} is meant for us. */
    static boolean applies(List<String> environments) {
        return environments.isEmpty() || environments.contains(EXEC_ENV);
    }

    private static List<Target> targets(TomlFile toml) {
        List<Target> targets = toml.tables("targets").stream()
                .map(target -> new Target(
                        target.text("os").orElse(""),
                        target.text("arch").orElse(""),
                        target.tables("distros").stream()
                                .map(distro -> new Target.Distro(
                                        distro.text("name").orElse(""),
                                        distro.text("version").orElse("")))
                                .toList()))
                .toList();
        if (!targets.isEmpty()) {
            return targets;
        }
        List<String> stacks =
                toml.tables("stacks").stream().map(stack -> stack.need("id")).toList();
        if (stacks.isEmpty() || stacks.contains("*")) {
            return List.of();
        }
        // The one stack that the specification translates; all others leave it to the programs.
        return stacks.contains("io.buildpacks.stacks.bionic") && stacks.size() == 1
                ? List.of(new Target("linux", "amd64", List.of(new Target.Distro("ubuntu", "18.04"))))
                : List.of();
    }

    boolean isComposite() {
        return !order.isEmpty();
    }

    /** As it is written in lists: {@code acme/node@1.0.0}. */
    String name() {
        return version.isEmpty() ? id : id + "@" + version;
    }
}
