package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;

/**
 * Which app a command is about: the one that {@code -a} names, else the {@code name} in the folder's stoa.toml, else the
 * folder's own name, made valid.
 */
record AppChoice(AppName app, Origin origin) {
    /** Who named the app. */
    enum Origin {
        OPTION,
        MANIFEST,
        FOLDER
    }

    static AppChoice of(Optional<String> option, Path folder) {
        if (option.isPresent()) {
            return new AppChoice(new AppName(option.get()), Origin.OPTION);
        }
        Path manifest = folder.resolve("stoa.toml");
        Optional<String> name = Files.isRegularFile(manifest) ? nameIn(manifest) : Optional.empty();
        if (name.isPresent()) {
            return new AppChoice(new AppName(name.get()), Origin.MANIFEST);
        }
        Path last = folder.getFileName();
        String text = last == null ? "" : last.toString();
        return new AppChoice(
                AppName.nearest(text)
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.BAD_APP_NAME,
                                "the folder %s does not say what app this is: its name has no letter to make an app's name of"
                                        .formatted(folder),
                                "name the app: -a my-app")),
                Origin.FOLDER);
    }

    /** Only the name: what else the file says is for the platform to judge, which has its whole grammar. */
    private static Optional<String> nameIn(Path manifest) {
        try {
            TomlParseResult toml = Toml.parse(manifest);
            List<TomlParseError> errors = toml.errors();
            if (!errors.isEmpty()) {
                TomlParseError first = errors.getFirst();
                throw bad(
                        manifest,
                        first.getMessage() + ", line " + first.position().line());
            }
            Object name = toml.get("name");
            if (name == null) {
                return Optional.empty();
            }
            if (name instanceof String text) {
                return Optional.of(text);
            }
            throw bad(manifest, "name is not a text");
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST, "cannot read %s: %s".formatted(manifest, Reason.of(e)), "", e);
        }
    }

    private static StoaException bad(Path manifest, String why) {
        return new StoaException(
                ErrorCode.BAD_MANIFEST,
                "%s: %s".formatted(manifest, why),
                "an app's name stands there as: name = \"shop\"");
    }
}
