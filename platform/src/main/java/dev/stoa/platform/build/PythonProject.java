package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Procfile;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/** The files by which a Python app says what it needs. */
record PythonProject(SourceFolder source) {
    static final String PYPROJECT = "pyproject.toml";
    static final String SETUP = "setup.py";

    /** With these the folder is another language's app, whatever scripts it brings. */
    private static final List<String> OTHER_KINDS = List.of(
            "package.json",
            "go.mod",
            "Cargo.toml",
            "pom.xml",
            "build.gradle",
            "build.gradle.kts",
            "Gemfile",
            "composer.json",
            "index.php",
            "deno.json",
            "index.html",
            "Dockerfile");

    /** Which of its files a command runs by the name that only a virtual environment is sure to have. */
    private static final Pattern RUNS = Pattern.compile("\\bpython\\s+(?:-\\w\\s+)*(\\S+\\.py)\\b");

    /** What well-known frameworks are imported as, and what installs them; nothing else is guessed from an import. */
    private static final Map<String, List<String>> FRAMEWORKS = frameworks();

    boolean isPresent() {
        return Stream.of(Requirements.FILE, PYPROJECT, Pipfile.FILE, Pipfile.LOCK, SETUP)
                        .anyMatch(source::has)
                || isScript();
    }

    /** A program in one file that comes with no list of what it needs. */
    private boolean isScript() {
        return OTHER_KINDS.stream().noneMatch(source::has) && script().isPresent();
    }

    /** The one that the app's own commands run, else one with a usual name. */
    private Optional<String> script() {
        Stream<String> run = source.commands().stream()
                .flatMap(command -> RUNS.matcher(command).results())
                .map(match -> match.group(1));
        Stream<String> usual =
                source.has(Procfile.NAME) ? Stream.empty() : Stream.of("app.py", "main.py", "server.py", "wsgi.py");
        return Stream.concat(run, usual).filter(source::has).findFirst();
    }

    /** How the dependencies are installed: a lock file wins over a list of requirements. */
    PythonInstall install(BuildContext context) {
        Map<String, String> locks = new LinkedHashMap<>();
        locks.put("uv.lock", "uv");
        locks.put("poetry.lock", "Poetry");
        locks.put(Pipfile.LOCK, "Pipenv");
        List<String> found = locks.keySet().stream().filter(source::has).toList();
        if (found.size() > 1) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the app has the lock files of several package managers: " + String.join(", ", found),
                    "keep the one that you use, and remove the others:  git rm " + found.getLast());
        }
        if (!found.isEmpty() && source.has(Requirements.FILE)) {
            context.detail("%s is there, so requirements.txt is not read".formatted(found.getFirst()));
        }
        return switch (found.isEmpty() ? "" : found.getFirst()) {
            case "uv.lock" -> new UvInstall(pyprojectText(), lockText("uv.lock"));
            case "poetry.lock" -> PoetryLock.install(pyproject(), pyprojectText(), lockText("poetry.lock"));
            case Pipfile.LOCK -> PipInstall.of(Pipfile.locked(source));
            default -> withoutLock(context);
        };
    }

    private String lockText(String lock) {
        if (!source.has(PYPROJECT)) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the app has a %s, but no pyproject.toml, to which it belongs".formatted(lock),
                    "commit pyproject.toml, or remove " + lock);
        }
        return source.text(lock).orElse("");
    }

    private PythonInstall withoutLock(BuildContext context) {
        if (source.has(Requirements.FILE)) {
            Requirements requirements = Requirements.read(source);
            return new PipInstall(List.of("-r " + Requirements.FILE), requirements.texts(), !requirements.local());
        }
        if (source.has(Pipfile.FILE)) {
            context.detail(
                    "without a Pipfile.lock each build may get other versions: commit the one \"pipenv lock\" writes");
            return PipInstall.of(Pipfile.unlocked(source));
        }
        if (!source.has(PYPROJECT) && source.has(SETUP)) {
            return editable();
        }
        if (!source.has(PYPROJECT)) {
            return ofImports(context);
        }
        boolean isPackage = Boolean.TRUE.equals(pyproject().getBoolean("tool.poetry.package-mode", () -> true));
        if (!isPackage && pyproject().contains("tool.poetry.dependencies")) {
            context.detail(
                    "without a poetry.lock each build may get other versions: commit the one \"poetry lock\" writes");
            return new PoetryInstall(pyproject(), pyprojectText(), "");
        }
        if (isPackage && pyproject().contains("build-system")) {
            return editable();
        }
        // A project that is no package cannot be installed itself.
        String dependencies = pyproject().getArrayOrEmpty("project.dependencies").toList().stream()
                .map(dependency -> Shell.quote(String.valueOf(dependency)))
                .collect(Collectors.joining(" "));
        return new PipInstall(dependencies.isEmpty() ? List.of() : List.of(dependencies), texts(), true);
    }

    /** So that the environment holds the dependencies, and the code stays where it is. */
    private PythonInstall editable() {
        return new PipInstall(List.of("-e ."), texts(), true);
    }

    private PythonInstall ofImports(BuildContext context) {
        String text = script().flatMap(source::text).orElse("");
        List<String> names = FRAMEWORKS.entrySet().stream()
                .filter(framework -> text.lines()
                        .anyMatch(line -> line.matches("\\s*(import|from)\\s+" + framework.getKey() + "\\b.*")))
                .flatMap(framework -> framework.getValue().stream())
                .distinct()
                .toList();
        if (names.isEmpty()) {
            return new PipInstall(List.of(), List.of(), true);
        }
        context.detail(
                "no requirements.txt: the newest %s is installed, which %s imports; write a requirements.txt to choose versions"
                        .formatted(String.join(" and ", names), script().orElse("the app")));
        return new PipInstall(List.of(String.join(" ", names)), names, true);
    }

    private static Map<String, List<String>> frameworks() {
        Map<String, List<String>> frameworks = new LinkedHashMap<>();
        frameworks.put("flask", List.of("flask"));
        frameworks.put("fastapi", List.of("fastapi", "uvicorn"));
        frameworks.put("starlette", List.of("starlette", "uvicorn"));
        frameworks.put("uvicorn", List.of("uvicorn"));
        frameworks.put("bottle", List.of("bottle"));
        frameworks.put("tornado", List.of("tornado"));
        frameworks.put("aiohttp", List.of("aiohttp"));
        return frameworks;
    }

    private List<String> texts() {
        List<String> texts = new ArrayList<>();
        Stream.of(PYPROJECT, SETUP, "setup.cfg")
                .forEach(name -> source.text(name).ifPresent(text -> texts.add(name + "\n" + text)));
        return texts;
    }

    private String pyprojectText() {
        return source.text(PYPROJECT).orElse("");
    }

    TomlParseResult pyproject() {
        TomlParseResult project = Toml.parse(pyprojectText());
        if (project.hasErrors()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "pyproject.toml cannot be read: " + project.errors().getFirst(),
                    "put it right and deploy again");
        }
        return project;
    }

    Optional<PythonVersion> requiresPython() {
        if (source.has(PYPROJECT)) {
            return PythonVersion.required(pyproject());
        }
        return source.has(Pipfile.FILE) ? Pipfile.requiredPython(source) : Optional.empty();
    }
}
