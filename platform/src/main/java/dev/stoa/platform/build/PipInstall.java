package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * With pip.
 *
 * @param arguments of each {@code pip install}
 * @param files     to write into Stoa's corner of the slug before, by name
 * @param shims     package managers that the Procfile may name, see {@link PythonEnvironment#shim}
 */
record PipInstall(
        List<String> arguments, Map<String, String> files, List<String> ingredients, boolean keeps, List<String> shims)
        implements PythonInstall {
    private static final List<BuildContext.KnownFailure> KNOWN = List.of(
            new BuildContext.KnownFailure(
                    Pattern.compile("No file/folder found for package"),
                    "the project is to be installed as a package, but there is no folder of its name",
                    "an app that is no package says so in pyproject.toml:  [tool.poetry] package-mode = false"),
            new BuildContext.KnownFailure(
                    Pattern.compile("Multiple top-level packages discovered in a flat-layout"),
                    "the project is to be installed as a package, and setuptools cannot tell which of its folders it consists of",
                    "name them in pyproject.toml under [tool.setuptools] packages, or remove [build-system] where the app is no package"),
            new BuildContext.KnownFailure(
                    Pattern.compile("requires a different Python"),
                    "a package does not work with this version of Python",
                    "ask for another one in .python-version, or for another version of the package"),
            new BuildContext.KnownFailure(
                    Pattern.compile("DO NOT MATCH THE HASHES"),
                    "a package is not the one that the lock file or requirements.txt names by its hash",
                    "make the lock file anew, and find out why the package has changed"));

    PipInstall {
        arguments = List.copyOf(arguments);
        files = Map.copyOf(files);
        ingredients = List.copyOf(ingredients);
        shims = List.copyOf(shims);
    }

    PipInstall(List<String> arguments, List<String> ingredients, boolean keeps) {
        this(arguments, Map.of(), ingredients, keeps, List.of());
    }

    /** What a Pipfile asks for; pip reads it as requirements. */
    static PipInstall of(Pipfile pipfile) {
        List<String> arguments = new ArrayList<>();
        Map<String, String> files = new HashMap<>();
        pipfile.requirements().forEach((name, text) -> {
            files.put(name, text);
            arguments.add(
                    "%s-r %s/%s".formatted(pipfile.complete() ? "--no-deps " : "", BuildContext.OWN_FOLDER, name));
        });
        return new PipInstall(
                arguments, files, new ArrayList<>(pipfile.requirements().values()), pipfile.keeps(), List.of("pipenv"));
    }

    @Override
    public void into(PythonEnvironment environment) throws InterruptedException {
        BuildContext context = environment.context();
        context.step("Creating a virtual environment");
        environment.create();
        if (arguments.isEmpty()) {
            context.detail("nothing names a dependency");
            return;
        }
        for (Map.Entry<String, String> file : files.entrySet()) {
            environment.write(file.getKey(), file.getValue());
        }
        context.step("Installing dependencies with pip");
        for (String argument : arguments) {
            String command = "pip install " + argument;
            environment.run(command, PythonEnvironment.VENV + "/bin/python -m " + command, Map.of(), KNOWN);
        }
        for (String program : shims) {
            environment.shim(program);
        }
    }
}
