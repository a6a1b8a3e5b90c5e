package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;

/** Python: the machine's interpreter, and a virtual environment in the slug. */
final class PythonBuildpack implements Buildpack {
    private static final String VENV = BuildContext.OWN_FOLDER + "/venv";
    private static final String PROJECT = "pyproject.toml";

    /** Which folder the environment was made for: its programs name it in their first line. */
    private static final String MOUNT_FILE = VENV + "/.stoa-mount";

    @Override
    public String name() {
        return "python";
    }

    @Override
    public String looksFor() {
        return "requirements.txt or pyproject.toml";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(Requirements.FILE) || source.has(PROJECT);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        Toolchains.Tool python = context.tools().python();
        context.step("Using Python " + python.version());
        Install install = install(context.source());
        DependencyCache cache = new DependencyCache(context.cache("venv"), key(python, install), VENV);
        if (install.keeps() && cache.isPresent() && cache.restore(context, moveTo(context.mount()))) {
            context.step("Dependencies unchanged, taken from the last build");
        } else {
            install(context, python, install);
            if (install.keeps()) {
                cache.save(context);
            }
        }
        Map<String, String> env = new HashMap<>();
        env.put("PATH", path(context));
        env.put("VIRTUAL_ENV", context.mount() + "/" + VENV);
        env.put("PYTHONUNBUFFERED", "1");
        return new Built(guess(context.source()), env, python.readable());
    }

    /**
     * What pip is asked for.
     *
     * @param arguments   of {@code pip install}; empty where there is nothing to install
     * @param ingredients everything that decides what the environment will contain
     * @param keeps       whether the same ingredients make the same environment
     */
    private record Install(String arguments, List<String> ingredients, boolean keeps) {}

    private static Install install(SourceFolder source) {
        if (source.has(Requirements.FILE)) {
            Requirements requirements = Requirements.read(source);
            return new Install("-r " + Requirements.FILE, requirements.texts(), !requirements.local());
        }
        String text = source.text(PROJECT).orElse("");
        TomlParseResult project = Toml.parse(text);
        if (project.hasErrors()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "pyproject.toml cannot be read: " + project.errors().getFirst(),
                    "put it right and deploy again");
        }
        if (project.contains("build-system")) {
            // Editable, so that the environment holds the dependencies and the code stays where it is.
            List<String> ingredients = new ArrayList<>(List.of(text));
            source.text("setup.py").ifPresent(ingredients::add);
            source.text("setup.cfg").ifPresent(ingredients::add);
            return new Install("-e .", ingredients, true);
        }
        return new Install(dependencies(project), List.of(text), true);
    }

    /** Of a project that is not a package, and so cannot be installed itself. */
    private static String dependencies(TomlParseResult project) {
        TomlArray dependencies = project.getArrayOrEmpty("project.dependencies");
        return dependencies.toList().stream()
                .map(d -> DependencyCache.quote(String.valueOf(d)))
                .collect(Collectors.joining(" "));
    }

    private static String key(Toolchains.Tool python, Install install) {
        List<String> ingredients = new ArrayList<>(install.ingredients());
        ingredients.add(python.version());
        ingredients.add(python.program().toString());
        return DependencyCache.key(ingredients);
    }

    private static void install(BuildContext context, Toolchains.Tool python, Install install)
            throws InterruptedException {
        Path downloads = context.cache("pip");
        Map<String, String> env = Map.of(
                "PATH", path(context),
                "PIP_CACHE_DIR", downloads.toString(),
                "PIP_DISABLE_PIP_VERSION_CHECK", "1",
                "PIP_NO_INPUT", "1",
                "PIP_PROGRESS_BAR", "off",
                "PYTHONUNBUFFERED", "1");
        context.step("Creating a virtual environment");
        context.run(
                "creating the virtual environment",
                "rm -rf %1$s && mkdir -p %2$s && %3$s -m venv %1$s && printf %%s %4$s > %5$s"
                        .formatted(
                                VENV,
                                BuildContext.OWN_FOLDER,
                                DependencyCache.quote(python.program().toString()),
                                DependencyCache.quote(context.mount()),
                                MOUNT_FILE),
                env,
                python.readable());
        if (install.arguments().isEmpty()) {
            context.detail("pyproject.toml names no dependencies");
            return;
        }
        context.step("Installing dependencies with pip");
        String command = "pip install " + install.arguments();
        List<Path> readable = Stream.concat(python.readable().stream(), context.tools().pipFolders().stream())
                .toList();
        context.run(command, VENV + "/bin/python -m " + command, env, readable);
        DependencyCache.boundDownloads(context, downloads);
    }

    /** Virtual environments name the folder that they were made in; where the new slug has another, they are rewritten. */
    private static String moveTo(String mount) {
        return """
                old=$(cat %2$s); new=%3$s
                [ "$old" = "$new" ] && exit 0
                grep -rlIF -- "$old" %1$s/bin %1$s/pyvenv.cfg %1$s/lib/python*/site-packages/*.pth \
                    %1$s/lib/python*/site-packages/__editable__* 2>/dev/null | while IFS= read -r file; do
                  sed -i.old "s|$old|$new|g" "$file" && rm -f "$file.old"
                done
                printf %%s "$new" > %2$s
                """.formatted(VENV, MOUNT_FILE, DependencyCache.quote(mount));
    }

    private static String path(BuildContext context) {
        return context.mount() + "/" + VENV + "/bin:" + BuildEnvironment.SYSTEM_PATH;
    }

    static Map<String, String> guess(SourceFolder source) {
        return webCommand(source).map(command -> Map.of("web", command)).orElse(Map.of());
    }

    private static Optional<String> webCommand(SourceFolder source) {
        Requirements requirements = source.has(Requirements.FILE)
                ? Requirements.read(source)
                : new Requirements(List.of(source.text(PROJECT).orElse("").replaceAll("[\"',\\[]", "\n")), false);
        Optional<String> file = List.of("app", "main", "wsgi", "asgi", "server").stream()
                .filter(name -> source.has(name + ".py"))
                .findFirst();
        Optional<String> application = file.flatMap(name -> application(source, name));
        if (application.isPresent() && requirements.mentions("gunicorn") && !requirements.mentions("uvicorn")) {
            return application.map(a -> "gunicorn --bind 0.0.0.0:$PORT " + a);
        }
        if (application.isPresent() && requirements.mentions("uvicorn")) {
            return application.map(a -> "uvicorn --host 0.0.0.0 --port $PORT " + a);
        }
        if (source.has("manage.py")) {
            Optional<String> wsgi = requirements.mentions("gunicorn") ? djangoModule(source) : Optional.empty();
            return Optional.of(wsgi.map(module -> "gunicorn --bind 0.0.0.0:$PORT " + module)
                    .orElse("python manage.py runserver --noreload 0.0.0.0:$PORT"));
        }
        boolean startsItself = file.flatMap(name -> source.text(name + ".py"))
                .filter(text -> text.contains("__main__"))
                .isPresent();
        if (application.isPresent() && !startsItself && requirements.mentions("flask")) {
            return file.map(name -> "flask --app " + name + " run --host 0.0.0.0 --port $PORT");
        }
        return file.map(name -> "python " + name + ".py");
    }

    /** Such as {@code app:application}. */
    private static Optional<String> application(SourceFolder source, String module) {
        String text = source.text(module + ".py").orElse("");
        return List.of("app", "application").stream()
                .filter(variable -> text.lines().anyMatch(line -> line.matches(variable + "\\s*(:.*)?=.*")))
                .map(variable -> module + ":" + variable)
                .findFirst();
    }

    /** The project's folder is the one with wsgi.py. */
    private static Optional<String> djangoModule(SourceFolder source) {
        try (var folders = Files.list(source.root())) {
            return folders.map(folder -> Objects.toString(folder.getFileName(), ""))
                    .filter(folder -> source.has(folder + "/wsgi.py"))
                    .sorted()
                    .map(folder -> folder + ".wsgi")
                    .findFirst();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }
}
