package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * With pip.
 *
 * @param arguments of each {@code pip install}
 * @param files     to write into Stoa's corner of the slug before, by name
 */
record PipInstall(List<String> arguments, Map<String, String> files, List<String> ingredients, boolean keeps)
        implements PythonInstall {
    PipInstall {
        arguments = List.copyOf(arguments);
        files = Map.copyOf(files);
        ingredients = List.copyOf(ingredients);
    }

    /** What a Pipfile asks for; pip reads it as requirements. */
    static PipInstall of(Pipfile pipfile) {
        List<String> arguments = new ArrayList<>();
        Map<String, String> files = new java.util.HashMap<>();
        pipfile.requirements().forEach((name, text) -> {
            files.put(name, text);
            arguments.add("%s-r %s/%s".formatted(pipfile.complete() ? "--no-deps " : "", BuildContext.OWN_FOLDER, name));
        });
        return new PipInstall(arguments, files, new ArrayList<>(pipfile.requirements().values()), pipfile.keeps());
    }

    @Override
    public void into(PythonEnvironment environment) throws InterruptedException {
        BuildContext context = environment.context();
        context.step("Creating a virtual environment");
        environment.create("");
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
            environment.run(command, PythonEnvironment.VENV + "/bin/python -m " + command, Map.of(), List.of());
        }
        if (!files.isEmpty()) {
            environment.shim("pipenv");
        }
    }
}
