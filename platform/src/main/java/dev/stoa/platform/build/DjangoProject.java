package dev.stoa.platform.build;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A project as {@code django-admin startproject} makes it, in the app's folder or in one below it.
 *
 * @param folder of manage.py; empty for the app's own
 */
record DjangoProject(SourceFolder source, String folder) {
    private static final String MANAGE = "manage.py";
    private static final Pattern SETTINGS = Pattern.compile("DJANGO_SETTINGS_MODULE['\"]\\s*,\\s*['\"]([\\w.]+)['\"]");

    static Optional<DjangoProject> find(SourceFolder source) {
        Stream<String> below = Stream.concat(PythonStart.folders(source, ""), Stream.of("src"));
        return Stream.concat(Stream.of(""), below)
                .map(folder -> new DjangoProject(source, folder))
                .filter(project -> source.has(project.manage()))
                .findFirst();
    }

    /** Where manage.py stands. */
    String manage() {
        return below(MANAGE);
    }

    private String below(String name) {
        return folder.isEmpty() ? name : folder + "/" + name;
    }

    /** How it is served; without a server of its own by the one for developers. */
    String web(Predicate<String> installed) {
        String path = folder.isEmpty() ? "" : "env PYTHONPATH=%s ".formatted(folder);
        if (installed.test("gunicorn")) {
            Optional<String> wsgi = module("wsgi");
            if (wsgi.isPresent()) {
                return path + "gunicorn --bind 0.0.0.0:$PORT " + wsgi.get();
            }
        }
        for (String server : List.of("uvicorn", "daphne", "hypercorn")) {
            Optional<String> asgi = installed.test(server) ? module("asgi") : Optional.empty();
            if (asgi.isPresent()) {
                String address = switch (server) {
                    case "uvicorn" -> "--host 0.0.0.0 --port $PORT";
                    case "daphne" -> "-b 0.0.0.0 -p $PORT";
                    default -> "--bind 0.0.0.0:$PORT";
                };
                return "%s%s %s %s:application".formatted(path, server, address, asgi.get());
            }
        }
        return "python %s runserver --noreload 0.0.0.0:$PORT".formatted(manage());
    }

    /** The package that manage.py names, else the first with such a file. */
    private Optional<String> module(String name) {
        Matcher settings = SETTINGS.matcher(source.text(manage()).orElse(""));
        Stream<String> named = settings.find() ? Stream.of(settings.group(1).split("\\.", -1)[0]) : Stream.empty();
        return Stream.concat(named, PythonStart.folders(source, folder))
                .filter(inner -> source.has(below("%s/%s.py".formatted(inner, name))))
                .findFirst()
                .map(inner -> inner + "." + name);
    }
}
