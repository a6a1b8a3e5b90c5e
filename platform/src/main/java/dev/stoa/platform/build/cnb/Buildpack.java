package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A buildpack that is there.
 *
 * @param from where the user said that it is
 * @param home the folder that it must not be read outside of: the app's, or its repository's
 * @param path its own folder in there
 */
record Buildpack(String from, BuildpackToml toml, Folder home, String path) {
    static Buildpack in(String from, Folder home, String path) {
        if (!home.hasFolder(path)) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "\"%s\" in \"buildpacks\" of [build] in stoa.toml is not there: there is no such folder"
                            .formatted(from),
                    "name the folder that has the buildpack.toml, and see that it is not left out by .gitignore or .stoaignore");
        }
        String text = home.text(path + "/" + BuildpackToml.NAME)
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_MANIFEST,
                        "\"%s\" in \"buildpacks\" of [build] in stoa.toml is no buildpack: it has no %s"
                                .formatted(from, BuildpackToml.NAME),
                        "name the folder in which the buildpack.toml stands"));
        return new Buildpack(from, BuildpackToml.parse(from, text), home, path);
    }

    String name() {
        return toml.name();
    }

    /** Where it stands for its own programs. */
    String place() {
        return path.equals(".") ? home.mount() : home.mount() + "/" + path;
    }

    /** The name of its folder among the layers; ids have no underscores. */
    String folder() {
        return toml.id().replace('/', '_');
    }

    /** What both of its programs get. */
    Map<String, String> env(Target machine, String platform) {
        Map<String, String> env = new HashMap<>(machine.env());
        env.put("CNB_BUILDPACK_DIR", place());
        env.put("CNB_PLATFORM_DIR", platform);
        env.put("CNB_EXEC_ENV", BuildpackToml.EXEC_ENV);
        return env;
    }

    /** The path of {@code bin/detect} or {@code bin/build}, which must be there and a program. */
    String program(String name) {
        String relative = path + "/bin/" + name;
        Path file = home.file(relative)
                .orElseThrow(() -> problem(
                        "has no bin/" + name, "a buildpack consists of buildpack.toml, bin/detect and bin/build"));
        if (!Files.isExecutable(file)) {
            throw problem(
                    "has a bin/%s that is not executable".formatted(name),
                    "make it so:  chmod +x bin/%1$s  (with git also: git update-index --chmod=+x bin/%1$s)"
                            .formatted(name));
        }
        return place() + "/bin/" + name;
    }

    StoaException problem(String what, String hint) {
        return new StoaException(ErrorCode.BUILD_FAILED, "buildpack %s (%s) %s".formatted(name(), from, what), hint);
    }
}
