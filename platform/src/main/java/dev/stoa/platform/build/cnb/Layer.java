package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.List;
import org.tomlj.MutableTomlTable;
import org.tomlj.Toml;

/**
 * A layer as its buildpack has described it.
 *
 * @param buildpack whose it is, for people
 * @param path      of its folder, within the app's
 * @param present   whether there is a folder
 * @param metadata  what the next build gets to see: all of its description but the table [types]
 */
record Layer(
        String buildpack,
        String name,
        String path,
        boolean present,
        boolean build,
        boolean cache,
        boolean launch,
        String metadata) {

    static Layer parse(String buildpack, String name, String path, boolean present, String text) {
        String file = "%s.toml of %s".formatted(name, buildpack);
        TomlFile toml = TomlFile.parse(file, text);
        MutableTomlTable rest = Toml.parse(text);
        rest.remove("types");
        boolean applies = BuildpackToml.applies(toml.table("metadata")
                .map(metadata -> metadata.texts("exec-env"))
                .orElse(List.of()));
        TomlFile types = toml.table("types").orElseGet(() -> new TomlFile(file, "[types]", MutableTomlTable.create()));
        return new Layer(
                buildpack,
                name,
                path,
                present,
                types.flag("build") && applies,
                types.flag("cache"),
                types.flag("launch") && applies,
                rest.toToml());
    }

    /** Whether it was for the eyes of its own buildpack only. */
    boolean ignored() {
        return !build && !cache && !launch;
    }

    static StoaException bad(String where, String what) {
        return new StoaException(
                ErrorCode.BUILD_FAILED, where + ": " + what, "the buildpack that writes it has to be put right");
    }
}
