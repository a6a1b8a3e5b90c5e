package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How a Python app is started that does not say so.
 *
 * @param installed whether the environment has a program, such as {@code gunicorn}
 */
record PythonStart(SourceFolder source, Predicate<String> installed) {
    private static final List<String> FILES =
            List.of("app", "main", "wsgi", "asgi", "server", "application", "api", "run", "web");
    private static final List<String> VARIABLES = List.of("app", "application", "api", "server");
    private static final List<String> FACTORIES = List.of("create_app", "make_app", "get_app");
    private static final Set<String> NO_PACKAGES = Set.of(
            "test",
            "tests",
            "docs",
            "doc",
            "venv",
            "env",
            "migrations",
            "node_modules",
            "static",
            "templates",
            "examples",
            "scripts",
            "build",
            "dist");
    private static final int PACKAGES_MAX = 40;

    private static final Pattern ASGI = Pattern.compile(
            "\\b(FastAPI|Starlette|Quart|Litestar|BlackSheep|Sanic|ASGIApp|get_asgi_application|socketio\\.ASGIApp)\\b");
    private static final Pattern WSGI = Pattern.compile(
            "\\b(Flask|Bottle|get_wsgi_application|Pyramid|Configurator|falcon\\.App|Dash|dash\\.Dash)\\b");
    /** An object of Dash is no application: that is the Flask server in it, under the name that Dash's manual gives it. */
    private static final Pattern DASH = Pattern.compile("(?m)^server\\s*=\\s*\\w+\\.server\\b");

    private static final Pattern MAIN = Pattern.compile("(?m)^if\\s+__name__\\s*==\\s*['\"]__main__['\"]\\s*:");

    /** Only the server's own start, on the port that it likes: {@code app.run(debug=True)}. */
    private static final Pattern PLAIN_RUN = Pattern.compile("\\s*\\w+\\.run\\((?![^)]*port)[^)]*\\)\\s*(#.*)?");

    private static final Pattern CALL = Pattern.compile("\\s+(\\w+)\\(\\)\\s*");

    /**
     * A file that may be the app.
     *
     * @param folder to be on Python's path, or empty for the app's own
     * @param module such as {@code shop.main}
     */
    private record Candidate(String folder, String module, String file) {}

    /** What a module offers to a server, such as {@code app.main:app}. */
    private record Application(Candidate where, String name, boolean factory, String text) {}

    Optional<String> web() {
        Optional<DjangoProject> django = DjangoProject.find(source)
                .filter(project ->
                        installed.test("django-admin") || (project.folder().isEmpty() && !installed.test("flask")));
        if (django.isPresent()) {
            return django.map(project -> project.web(installed));
        }
        Optional<Application> application =
                candidates().flatMap(c -> application(c).stream()).findFirst();
        Optional<String> server = application.flatMap(this::server);
        if (server.isPresent()) {
            return server;
        }
        Optional<String> file =
                FILES.stream().filter(name -> source.has(name + ".py")).findFirst();
        if (file.isPresent()) {
            return file.map(name -> script(name + ".py"));
        }
        return Stream.of(
                        "streamlit_app.py",
                        "src/main.py",
                        "src/app.py",
                        "app/main.py",
                        "app/app.py",
                        "app/__main__.py",
                        "src/__main__.py")
                .filter(source::has)
                .findFirst()
                .map(this::script);
    }

    private String script(String file) {
        String text = source.text(file).orElse("");
        if (installed.test("streamlit") && text.contains("streamlit")) {
            return "streamlit run %s --server.port $PORT --server.address 0.0.0.0 --server.headless true"
                    .formatted(file);
        }
        if (installed.test("gradio") && text.contains("gradio")) {
            return "env GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=$PORT python " + file;
        }
        if (installed.test("dash-generate-components") && text.contains("dash")) {
            return "env HOST=0.0.0.0 python " + file;
        }
        return "python " + file;
    }

    /** The server for it, unless it is a program that starts itself. */
    private Optional<String> server(Application application) {
        String text = application.text();
        if (text.contains("Sanic(") && installed.test("sanic")) {
            return Optional.of("sanic %s --host 0.0.0.0 --port $PORT".formatted(target(application)));
        }
        boolean asgi = ASGI.matcher(text).find()
                || (!WSGI.matcher(text).find() && installed.test("uvicorn"))
                || application.where().module().endsWith("asgi");
        if (asgi && installed.test("uvicorn")) {
            return Optional.of("uvicorn --host 0.0.0.0 --port $PORT%s%s %s"
                    .formatted(
                            option(" --app-dir ", application.where()),
                            application.factory() ? " --factory" : "",
                            target(application)));
        }
        if (asgi && installed.test("hypercorn")) {
            return Optional.of("hypercorn --bind 0.0.0.0:$PORT " + target(application));
        }
        if (!asgi && installed.test("gunicorn")) {
            // The parentheses of a factory would mean something to the shell.
            String target = target(application);
            return Optional.of("gunicorn --bind 0.0.0.0:$PORT%s %s"
                    .formatted(
                            option(" --pythonpath ", application.where()),
                            application.factory() ? Shell.quote(target + "()") : target));
        }
        if (!asgi && installed.test("waitress-serve")) {
            return Optional.of("waitress-serve --listen=0.0.0.0:$PORT %s%s"
                    .formatted(application.factory() ? "--call " : "", target(application)));
        }
        if (!asgi && installed.test("flask") && text.contains("Flask") && !startsItself(text)) {
            String factory = application.factory()
                            || application.name().equals("app")
                            || application.name().equals("application")
                    ? application.where().module()
                    : target(application);
            String folder = application.where().folder();
            return Optional.of("%sflask --app %s run --host 0.0.0.0 --port $PORT"
                    .formatted(folder.isEmpty() ? "" : "env PYTHONPATH=%s ".formatted(folder), factory));
        }
        return Optional.empty();
    }

    private static String option(String option, Candidate where) {
        return where.folder().isEmpty() ? "" : option + where.folder();
    }

    private static String target(Application application) {
        return application.where().module() + ":" + application.name();
    }

    /** Flask's {@code app.run()} alone is no start of its own: it would listen on a port that nobody knows. */
    private static boolean startsItself(String text) {
        Matcher main = MAIN.matcher(text);
        if (!main.find()) {
            return false;
        }
        List<String> body = block(text, main.end());
        Matcher call = CALL.matcher(body.size() == 1 ? body.getFirst() : "");
        if (call.matches()) {
            Matcher function = Pattern.compile("(?m)^def %s\\(\\).*:".formatted(call.group(1)))
                    .matcher(text);
            body = function.find() ? block(text, function.end()) : body;
        }
        return body.size() != 1 || !PLAIN_RUN.matcher(body.getFirst()).matches();
    }

    /** The indented lines from there on, without comments. */
    private static List<String> block(String text, int from) {
        return text.substring(from)
                .lines()
                .filter(line -> !line.isBlank() && !line.strip().startsWith("#"))
                .takeWhile(line -> Character.isWhitespace(line.charAt(0)))
                .toList();
    }

    private Stream<Candidate> candidates() {
        Stream<Candidate> files = FILES.stream().map(name -> new Candidate("", name, name + ".py"));
        Stream<Candidate> packages = folders("").flatMap(folder -> inPackage("", folder));
        String src = "src";
        Stream<Candidate> sources = Stream.concat(
                FILES.stream().map(name -> srcModule(name)), folders(src).flatMap(folder -> inPackage(src, folder)));
        return Stream.of(files, packages, sources)
                .flatMap(stream -> stream)
                .filter(candidate -> source.has(candidate.file()));
    }

    /** A src that is a package itself is imported by its name. */
    private Candidate srcModule(String name) {
        String file = "src/%s.py".formatted(name);
        return source.has("src/__init__.py")
                ? new Candidate("", "src." + name, file)
                : new Candidate("src", name, file);
    }

    private static Stream<Candidate> inPackage(String parent, String name) {
        String folder = parent.isEmpty() ? name : parent + "/" + name;
        return Stream.concat(
                Stream.of(new Candidate(parent, name, folder + "/__init__.py")),
                FILES.stream()
                        .map(file -> new Candidate(parent, name + "." + file, "%s/%s.py".formatted(folder, file))));
    }

    private Stream<String> folders(String parent) {
        return folders(source, parent);
    }

    /** Folders that may hold code, in order of their names. */
    static Stream<String> folders(SourceFolder source, String parent) {
        Path folder = source.root().resolve(parent);
        if (Files.isSymbolicLink(folder) || !Files.isDirectory(folder)) {
            return Stream.empty();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children
                    .filter(Files::isDirectory)
                    .map(child -> Objects.toString(child.getFileName(), ""))
                    .filter(name -> name.matches("[a-z_][a-z0-9_]*") && !NO_PACKAGES.contains(name))
                    .filter(name -> !name.equals("src"))
                    .sorted()
                    .limit(PACKAGES_MAX)
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
    }

    private Optional<Application> application(Candidate candidate) {
        String text = source.text(candidate.file()).orElse("");
        List<String> names = DASH.matcher(text).find() ? List.of("server") : VARIABLES;
        Optional<Application> variable = names.stream()
                .filter(name -> text.lines()
                        .anyMatch(line -> line.matches(name + "\\s*(:.*)?=[^=].*")
                                || (line.matches("from\\s+\\S+\\s+import\\s+(.*,\\s*)?(\\w+\\s+as\\s+)?" + name
                                                + "\\b.*")
                                        && candidate.file().matches("(.*/)?(wsgi|asgi)\\.py"))))
                .map(name -> new Application(candidate, name, false, text))
                .findFirst();
        return variable.or(() -> FACTORIES.stream()
                .filter(name -> text.lines().anyMatch(line -> line.matches("(async )?def " + name + "\\s*\\(.*")))
                .map(name -> new Application(candidate, name, true, text))
                .findFirst());
    }
}
