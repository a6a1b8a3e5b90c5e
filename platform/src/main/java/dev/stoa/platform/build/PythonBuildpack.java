package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Python: one of the machine's interpreters, and a virtual environment in the slug. */
final class PythonBuildpack implements Buildpack {
    private final EmptyVenvs empty;

    PythonBuildpack(EmptyVenvs empty) {
        this.empty = empty;
    }

    @Override
    public String name() {
        return "python";
    }

    @Override
    public String looksFor() {
        return "requirements.txt, pyproject.toml, Pipfile, setup.py or app.py";
    }

    @Override
    public String startExample() {
        return "python shop.py";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return new PythonProject(source).isPresent();
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        PythonProject project = new PythonProject(context.source());
        Optional<PythonVersion> wanted = PythonVersion.wanted(context, project);
        Toolchains.Tool python = PythonVersion.choose(context, wanted);
        context.step("Using Python " + python.version()
                + wanted.map(w -> ", as %s asks for %s".formatted(w.file(), w.specifier()))
                        .orElse(""));
        PythonInstall install = project.install(context);
        DependencyCache cache =
                new DependencyCache(context.cache("venv"), key(python, install), PythonEnvironment.VENV);
        if (install.keeps() && cache.isPresent() && cache.restore(context, PythonEnvironment.moveTo(context.mount()))) {
            context.step("Dependencies unchanged, taken from the last build");
        } else {
            install.into(new PythonEnvironment(context, python, empty));
            if (install.keeps()) {
                cache.saveAfterwards(context);
            }
        }
        Optional<DjangoProject> django =
                DjangoProject.find(context.source()).filter(p -> installed(context.source(), "django-admin"));
        if (django.isPresent()) {
            DjangoFiles.collect(context, django.get(), python.readable());
        }
        PythonStart start = new PythonStart(context.source(), program -> installed(context.source(), program));
        return new Built(
                start.web().map(command -> Map.of("web", command)).orElse(Map.of()), env(context), python.readable());
    }

    private static Map<String, String> env(BuildContext context) {
        Map<String, String> env = new HashMap<>();
        env.put("PATH", PythonEnvironment.path(context));
        env.put("VIRTUAL_ENV", context.mount() + "/" + PythonEnvironment.VENV);
        env.put("PYTHONUNBUFFERED", "1");
        return env;
    }

    private static boolean installed(SourceFolder source, String program) {
        return source.has(PythonEnvironment.VENV + "/bin/" + program);
    }

    private static String key(Toolchains.Tool python, PythonInstall install) {
        List<String> ingredients = new ArrayList<>(install.ingredients());
        ingredients.add(install.getClass().getSimpleName());
        Stream.of(python.version(), python.program().toString()).forEach(ingredients::add);
        return DependencyCache.key(ingredients);
    }
}
