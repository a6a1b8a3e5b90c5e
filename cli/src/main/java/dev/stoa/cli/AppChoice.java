package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ManifestFile;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Optional;

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
        Optional<AppName> name =
                ManifestFile.read(folder.resolve(ManifestFile.NAME)).name();
        if (name.isPresent()) {
            return new AppChoice(name.get(), Origin.MANIFEST);
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
}
