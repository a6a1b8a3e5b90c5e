package dev.stoa.platform.build;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.tomlj.TomlParseResult;

/**
 * With Poetry, from its lock file.
 *
 * @param lock its text; empty where there is none
 */
record PoetryInstall(TomlParseResult parsed, String project, String lock) implements PythonInstall {
    private static final List<BuildContext.KnownFailure> KNOWN = List.of(
            new BuildContext.KnownFailure(
                    Pattern.compile(
                            "pyproject.toml changed significantly since|poetry.lock is not up to date|not up to date with the lock file"),
                    "poetry.lock does not fit pyproject.toml",
                    "run \"poetry lock\", commit poetry.lock, and deploy again"),
            new BuildContext.KnownFailure(
                    Pattern.compile("No file/folder found for package"),
                    "the project is to be installed as a package, but there is no folder of its name",
                    "an app that is no package says so in pyproject.toml:  [tool.poetry] package-mode = false"));

    @Override
    public List<String> ingredients() {
        return List.of("poetry", project, lock);
    }

    @Override
    public boolean keeps() {
        return !lock.contains("type = \"directory\"") && !lock.contains("type = \"file\"");
    }

    @Override
    public void into(PythonEnvironment environment) throws InterruptedException {
        BuildContext context = environment.context();
        String required = Objects.toString(parsed.get("tool.poetry.requires-poetry"), "");
        String poetry = environment.tool("poetry", "poetry" + required);
        context.step("Creating a virtual environment");
        environment.create(" --without-pip");
        context.step("Installing dependencies with Poetry");
        String command = "poetry install --only main --no-interaction --no-ansi";
        environment.run(
                command,
                poetry + command.substring("poetry".length()),
                Map.of(
                        "VIRTUAL_ENV",
                        context.mount() + "/" + PythonEnvironment.VENV,
                        "POETRY_CACHE_DIR",
                        context.cache("poetry").toString(),
                        "POETRY_VIRTUALENVS_CREATE",
                        "false",
                        "PYTHON_KEYRING_BACKEND",
                        "keyring.backends.null.Keyring"),
                KNOWN);
        environment.shim("poetry");
        DependencyCache.boundDownloads(context, context.cache("poetry"));
    }
}
