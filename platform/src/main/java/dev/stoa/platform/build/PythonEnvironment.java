package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The virtual environment in the slug, and the tools that fill it. */
final class PythonEnvironment {
    static final String VENV = BuildContext.OWN_FOLDER + "/venv";

    /** Which folder the environment was made for: its programs name it in their first line. */
    static final String MOUNT_FILE = VENV + "/.stoa-mount";

    private final BuildContext context;
    private final Toolchains.Tool python;
    private final EmptyVenvs empty;
    private final List<Path> readable;

    PythonEnvironment(BuildContext context, Toolchains.Tool python, EmptyVenvs empty) {
        this.context = context;
        this.python = python;
        this.empty = empty;
        this.readable = new ArrayList<>(Stream.concat(python.readable().stream(), context.tools().pipFolders().stream())
                .toList());
    }

    BuildContext context() {
        return context;
    }

    Toolchains.Tool python() {
        return python;
    }

    void alsoReadable(List<Path> paths) {
        readable.addAll(paths);
    }

    /** For commands in it. */
    static String path(BuildContext context) {
        return context.mount() + "/" + VENV + "/bin:" + BuildEnvironment.SYSTEM_PATH;
    }

    /** As {@code python -m venv} makes it. */
    void create() throws InterruptedException {
        Optional<DependencyCache> made = empty.of(python);
        if (made.isEmpty()
                || !made.get()
                        .restore(
                                context,
                                moveTo(context.mount()),
                                List.of(made.get().entry()))) {
            create("");
        }
    }

    /** @param options of {@code python -m venv}, each with a space before it */
    void create(String options) throws InterruptedException {
        run(
                "creating the virtual environment",
                "rm -rf %1$s && mkdir -p %2$s && %3$s -m venv%4$s %1$s && %5$s"
                        .formatted(
                                VENV,
                                BuildContext.OWN_FOLDER,
                                Shell.quote(python.program().toString()),
                                options,
                                sign()),
                Map.of(),
                List.of());
    }

    /** The command that writes down for which folder the environment was made. */
    String sign() {
        return "printf %%s %s > %s".formatted(Shell.quote(context.mount()), MOUNT_FILE);
    }

    /** Virtual environments name the folder that they were made in; where the new slug has another, they are rewritten. */
    static String moveTo(String mount) {
        return """
                old=$(cat %2$s); new=%3$s
                [ "$old" = "$new" ] && exit 0
                grep -rlIF -- "$old" %1$s/bin %1$s/pyvenv.cfg %1$s/lib/python*/site-packages/*.pth \
                    %1$s/lib/python*/site-packages/__editable__* 2>/dev/null | while IFS= read -r file; do
                  sed -i.old "s|$old|$new|g" "$file" && rm -f "$file.old"
                done
                printf %%s "$new" > %2$s
                """.formatted(VENV, MOUNT_FILE, Shell.quote(mount));
    }

    void run(String what, String script, Map<String, String> more, List<BuildContext.KnownFailure> known)
            throws InterruptedException {
        Path downloads = context.cache("pip");
        Map<String, String> env = new HashMap<>(Map.of(
                "PATH", path(context),
                "PIP_CACHE_DIR", downloads.toString(),
                "PIP_DISABLE_PIP_VERSION_CHECK", "1",
                "PIP_NO_INPUT", "1",
                "PIP_PROGRESS_BAR", "off",
                "PYTHONUNBUFFERED", "1"));
        env.putAll(more);
        context.run(what, script, env, readable, known);
        DependencyCache.boundDownloads(context, downloads);
    }

    /**
     * A package manager that is itself a Python program: in an environment of its own in the app's cache.
     *
     * @return its program, quoted
     */
    String tool(String name, String requirement) throws InterruptedException {
        String key = DependencyCache.key(
                List.of(requirement, python.version(), python.program().toString()));
        Path folder = context.cache("tools").resolve(name + "-" + key);
        String program = Shell.quote(folder.resolve("bin").resolve(name).toString());
        if (!context.attempt(program + " --version", readable)) {
            context.step("Installing " + requirement);
            String quoted = Shell.quote(folder.toString());
            run(
                    "pip install " + requirement,
                    "rm -rf %1$s && mkdir -p %1$s && %2$s -m venv %1$s && %1$s/bin/python -m pip install --quiet %3$s"
                            .formatted(quoted, Shell.quote(python.program().toString()), Shell.quote(requirement)),
                    Map.of(),
                    List.of());
        }
        return program;
    }

    /** For {@code uv run COMMAND} and its like in a Procfile: the environment is complete, so the command just runs. */
    void shim(String name) {
        write("venv/bin/" + name, """
                #!/bin/sh
                # The environment is complete and active: "%1$s run COMMAND" runs the command.
                if [ "$1" != run ]; then echo "%1$s: only \\"%1$s run\\" is there when the app runs" >&2; exit 2; fi
                shift
                while :; do
                  case "$1" in
                    -m|--module) shift; exec python -m "$@" ;;
                    --with|--extra|--group|--no-group|--package|-p|--python|--env-file|-C) shift 2 ;;
                    --) shift; break ;;
                    -*) shift ;;
                    *) break ;;
                  esac
                done
                case "$1" in *.py) exec python "$@" ;; esac
                exec "$@"
                """.formatted(name));
    }

    /** Into Stoa's corner of the slug. */
    void write(String name, String text) {
        Path corner = context.source().root().resolve(BuildContext.OWN_FOLDER);
        try {
            Path file = corner.resolve(name);
            // The folder may be a link by now: what the app's own code has made is not followed out of the slug.
            if (!corner.resolve(name + "/..")
                    .normalize()
                    .toRealPath()
                    .startsWith(context.source().root().toRealPath())) {
                throw new IOException(corner + " leads out of the slug");
            }
            Files.deleteIfExists(file);
            Files.writeString(file, text);
            file.toFile().setExecutable(name.contains("/bin/"), false);
            file.toFile().setReadable(true, false);
            context.written();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }
}
