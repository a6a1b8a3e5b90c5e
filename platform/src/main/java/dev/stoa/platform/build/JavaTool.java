package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The build tool of a Java app: the wrapper that the app brings, or the machine's.
 *
 * @param command  for the shell
 * @param readable what it needs outside the system's directories
 */
record JavaTool(String command, List<Path> readable) {
    JavaTool {
        readable = List.copyOf(readable);
    }

    /**
     * The wrapper where it works; it downloads its tool in the app's first build.
     *
     * @param wrapper    the file in the app
     * @param properties which says what the wrapper downloads
     * @param downloads  where the wrapper keeps it
     */
    static JavaTool find(
            BuildContext context,
            ToolKind kind,
            String wrapper,
            String properties,
            Path downloads,
            Map<String, String> env,
            List<Path> readable)
            throws InterruptedException {
        if (!context.source().has(wrapper)) {
            return machines(context.tools().of(kind, wish(context, kind)), readable);
        }
        String command = "sh ./" + wrapper;
        if (Files.isDirectory(downloads)) {
            return new JavaTool(command, readable);
        }
        Optional<Toolchains.Tool> instead = context.tools().find(kind, wish(context, kind));
        context.step("Getting what %s asks for".formatted(wrapper));
        if (instead.isEmpty()) {
            context.run(wrapper, command + " --version", env, readable);
            return new JavaTool(command, readable);
        }
        if (context.source().has(properties)
                && context.ask(command + " --version", env, readable).isPresent()) {
            return new JavaTool(command, readable);
        }
        context.detail("%s cannot get what %s names: the machine's %s is used instead"
                .formatted(wrapper, properties, kind.program()));
        return machines(instead.get(), readable);
    }

    private static Optional<ToolWish> wish(BuildContext context, ToolKind kind) {
        return ToolWish.declared(context.source(), kind.names());
    }

    private static JavaTool machines(Toolchains.Tool tool, List<Path> readable) {
        List<Path> all = new ArrayList<>(readable);
        all.addAll(tool.readable());
        return new JavaTool(Shell.quote(tool.program().toString()), all);
    }
}
