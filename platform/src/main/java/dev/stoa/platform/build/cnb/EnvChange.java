package dev.stoa.platform.build.cnb;

import dev.stoa.platform.base.Shell;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One thing that a layer does to the environment, from a file such as {@code env/PATH.prepend} or from a folder such as
 * {@code bin}. The value is taken as it stands: nothing in it is ever evaluated.
 *
 * @param delim between the value and what was there before; not used where there was nothing
 */
record EnvChange(Action action, String name, String value, String delim) {
    /** How a file changes a variable, by the end of the file's name. */
    enum Action {
        APPEND,
        DEFAULT,
        OVERRIDE,
        PREPEND
    }

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final String DELIM = ".delim";

    /** Linux starts no program with a longer one; it counts bytes, and quoting adds some. */
    private static final int VALUE_CHARS_MAX = 32_000;

    /** What the folders of a layer are for while others build, and when the app runs. */
    private static final List<List<String>> BUILD_FOLDERS = List.of(
            List.of("bin", "PATH"),
            List.of("lib", "LD_LIBRARY_PATH"),
            List.of("lib", "LIBRARY_PATH"),
            List.of("include", "CPATH"),
            List.of("pkgconfig", "PKG_CONFIG_PATH"));

    private static final List<List<String>> LAUNCH_FOLDERS = BUILD_FOLDERS.subList(0, 2);

    /** The variables that are lists of folders. */
    static final List<String> PATHS =
            BUILD_FOLDERS.stream().map(List::getLast).distinct().toList();

    /**
     * What the folders of a buildpack's layers do. The first layer comes first in the variable, so the last is applied
     * first.
     *
     * @param layers in alphabetical order
     */
    static List<EnvChange> ofFolders(Folder app, List<Layer> layers, boolean launch) {
        List<EnvChange> changes = new ArrayList<>();
        for (Layer layer : layers.reversed()) {
            for (List<String> entry : launch ? LAUNCH_FOLDERS : BUILD_FOLDERS) {
                if (app.hasFolder(layer.path() + "/" + entry.getFirst())) {
                    String folder = app.mount() + "/" + layer.path() + "/" + entry.getFirst();
                    changes.add(new EnvChange(Action.PREPEND, entry.getLast(), folder, ":"));
                }
            }
        }
        return changes;
    }

    /**
     * What the files of a layer's folder do, such as {@code env.launch}.
     *
     * @param near where else the layer may say what stands between the values
     */
    static List<EnvChange> ofFiles(Folder app, Layer layer, String folder, List<String> near) {
        List<EnvChange> changes = new ArrayList<>();
        String place = layer.path() + "/" + folder;
        for (String file : app.names(place)) {
            int dot = file.indexOf('.');
            String name = dot < 0 ? file : file.substring(0, dot);
            String suffix = dot < 0 ? "" : file.substring(dot);
            if (suffix.equals(DELIM) || app.file(place + "/" + file).isEmpty()) {
                continue;
            }
            String where = "%s/%s of layer %s of %s".formatted(folder, file, layer.name(), layer.buildpack());
            Action action = switch (suffix) {
                case "", ".override" -> Action.OVERRIDE;
                case ".append" -> Action.APPEND;
                case ".prepend" -> Action.PREPEND;
                case ".default" -> Action.DEFAULT;
                default ->
                    throw Layer.bad(
                            where,
                            "\"%s\" is none of .append, .default, .delim, .override and .prepend".formatted(suffix));
            };
            if (!NAME.matcher(name).matches()) {
                throw Layer.bad(where, "\"%s\" cannot be the name of an environment variable".formatted(name));
            }
            String value = app.text(place + "/" + file).orElse("");
            if (value.length() > VALUE_CHARS_MAX) {
                throw Layer.bad(
                        where,
                        "it has more than the %d characters that a variable can hold".formatted(VALUE_CHARS_MAX));
            }
            if (value.indexOf('\0') >= 0) {
                throw Layer.bad(where, "the value of an environment variable cannot hold a NUL character");
            }
            changes.add(new EnvChange(action, name, value, delim(app, layer, name, folder, near)));
        }
        return changes;
    }

    private static String delim(Folder app, Layer layer, String name, String folder, List<String> near) {
        List<String> folders = new ArrayList<>(List.of(folder));
        folders.addAll(near);
        return folders.stream()
                .flatMap(f -> app.text(layer.path() + "/" + f + "/" + name + DELIM).stream())
                .findFirst()
                .orElse("");
    }

    void apply(Map<String, String> env) {
        String before = env.getOrDefault(name, "");
        switch (action) {
            case OVERRIDE -> env.put(name, value);
            case DEFAULT -> env.put(name, before.isEmpty() ? value : before);
            case PREPEND -> env.put(name, before.isEmpty() ? value : value + delim + before);
            case APPEND -> env.put(name, before.isEmpty() ? value : before + delim + value);
        }
    }

    /** The same as a line for {@code sh}. */
    String script() {
        String quoted = Shell.quote(value);
        String between = Shell.quote(delim);
        return switch (action) {
            case OVERRIDE -> "export %s=%s".formatted(name, quoted);
            case DEFAULT -> "if [ -z \"${%1$s-}\" ]; then export %1$s=%2$s; fi".formatted(name, quoted);
            case PREPEND ->
                "if [ -n \"${%1$s-}\" ]; then export %1$s=%2$s%3$s\"$%1$s\"; else export %1$s=%2$s; fi"
                        .formatted(name, quoted, between);
            case APPEND ->
                "if [ -n \"${%1$s-}\" ]; then export %1$s=\"$%1$s\"%3$s%2$s; else export %1$s=%2$s; fi"
                        .formatted(name, quoted, between);
        };
    }
}
