package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.Manifest;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which command starts an app that does not say so. */
class GuessTest {
    private static final String FLASK = "from flask import Flask\napp = Flask(__name__)\n";

    @TempDir
    Path dir;

    @Test
    void aPythonFileWithAUsualNameIsStarted() {
        assertThat(python(Map.of("requirements.txt", "", "main.py", "print()"))).isEqualTo("python main.py");
    }

    @Test
    void gunicornServesTheApplicationWhereItIsInstalled() {
        assertThat(python(Map.of("requirements.txt", "Flask==3\ngunicorn>=22\n", "app.py", FLASK)))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT app:app");
    }

    @Test
    void uvicornServesAnAsgiApplication() {
        assertThat(python(Map.of("requirements.txt", "uvicorn[standard]", "main.py", "app = FastAPI()")))
                .isEqualTo("uvicorn --host 0.0.0.0 --port $PORT main:app");
    }

    @Test
    void aFlaskAppThatDoesNotStartItselfIsStarted() {
        assertThat(python(Map.of("requirements.txt", "flask", "app.py", FLASK)))
                .isEqualTo("flask --app app run --host 0.0.0.0 --port $PORT");
        assertThat(python(Map.of(
                        "requirements.txt",
                        "flask",
                        "app.py",
                        FLASK + "if __name__ == '__main__':\n  app.run(port=80)")))
                .isEqualTo("python app.py");
        assertThat(python(Map.of(
                        "requirements.txt",
                        "flask",
                        "app.py",
                        FLASK + "if __name__ == '__main__':\n  make()\n  app.run()")))
                .isEqualTo("python app.py");
    }

    @Test
    void aFlaskAppThatWouldListenOnAPortOfItsOwnIsGivenTheRightOne() {
        assertThat(python(Map.of(
                        "requirements.txt",
                        "flask",
                        "app.py",
                        FLASK + "if __name__ == '__main__':\n  app.run(debug=True)\n")))
                .isEqualTo("flask --app app run --host 0.0.0.0 --port $PORT");
        String main = FLASK + "def main():\n%s  app.run()\n\nif __name__ == '__main__':\n  main()\n";
        assertThat(python(Map.of("requirements.txt", "flask", "app.py", main.formatted(""))))
                .isEqualTo("flask --app app run --host 0.0.0.0 --port $PORT");
        assertThat(python(Map.of("requirements.txt", "flask", "app.py", main.formatted("  make()\n"))))
                .isEqualTo("python app.py");
    }

    @Test
    void theApplicationIsFoundInAPackageAndInSrc() {
        String factory = "from flask import Flask\ndef create_app(config=None):\n    return Flask(__name__)\n";
        assertThat(python(Map.of("requirements.txt", "flask", "flaskr/__init__.py", factory)))
                .isEqualTo("flask --app flaskr run --host 0.0.0.0 --port $PORT");
        assertThat(python(Map.of("requirements.txt", "flask\ngunicorn", "flaskr/__init__.py", factory)))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT 'flaskr:create_app()'");
        assertThat(python(
                        Map.of("requirements.txt", "uvicorn", "app/main.py", "app = FastAPI()", "app/__init__.py", "")))
                .isEqualTo("uvicorn --host 0.0.0.0 --port $PORT app.main:app");
        assertThat(python(Map.of("requirements.txt", "uvicorn", "src/shop/api.py", "api: FastAPI = FastAPI()")))
                .isEqualTo("uvicorn --host 0.0.0.0 --port $PORT --app-dir src shop.api:api");
        assertThat(python(Map.of("requirements.txt", "gunicorn", "src/main.py", FLASK)))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT --pythonpath src main:app");
    }

    @Test
    void flaskFindsTheModuleInSrc() {
        assertThat(python(Map.of("requirements.txt", "flask", "src/app.py", FLASK)))
                .isEqualTo("env PYTHONPATH=src flask --app app run --host 0.0.0.0 --port $PORT");
    }

    @Test
    void ofADashAppTheServerInItIsServed() {
        String dash = "from dash import Dash\napp = Dash()\nserver = app.server\n";
        assertThat(python(Map.of("requirements.txt", "dash\nflask\ngunicorn", "app.py", dash)))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT app:server");
        assertThat(python(Map.of("requirements.txt", "dash\nflask", "app.py", dash)))
                .isEqualTo("env HOST=0.0.0.0 python app.py");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "worker: python worker.py | worker.py | true",
                "worker: env A=b python -u jobs/worker.py --fast | jobs/worker.py | true",
                "worker: python worker.py | other.py | false",
                "web: python3 app.py | app.py | false",
                "web: ./serve | app.py | false"
            })
    void aProcfileThatRunsAPythonProgramMakesTheFolderAnApp(String procfile, String file, boolean expected) {
        assertThat(new PythonProject(folder(Map.of("Procfile", procfile, file, ""))).isPresent())
                .isEqualTo(expected);
        assertThat(new PythonProject(folder(Map.of("Procfile", procfile, file, "", "package.json", ""))).isPresent())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"main.go, , true", "main.go, index.html, true", "main.go, package.json, false", "tool.go, , false"})
    void aLoneGoProgramIsAnApp(String file, String other, boolean expected) {
        Map<String, String> files = other == null ? Map.of(file, "") : Map.of(file, "", other, "");
        assertThat(new GoBuildpack().detects(folder(files))).isEqualTo(expected);
    }

    @Test
    void theServerFollowsTheFrameworkWhereBothAreInstalled() {
        assertThat(python(Map.of("requirements.txt", "gunicorn\nuvicorn", "main.py", "app = FastAPI()")))
                .startsWith("uvicorn ");
        assertThat(python(Map.of("requirements.txt", "gunicorn\nuvicorn", "main.py", FLASK)))
                .startsWith("gunicorn ");
    }

    @Test
    void streamlitAndSanicAreStartedByTheirOwnPrograms() {
        assertThat(python(Map.of("requirements.txt", "sanic", "server.py", "app = Sanic(\"Hello\")")))
                .isEqualTo("sanic server:app --host 0.0.0.0 --port $PORT");
        assertThat(python(Map.of("requirements.txt", "streamlit", "app.py", "import streamlit as st")))
                .isEqualTo("streamlit run app.py --server.port $PORT --server.address 0.0.0.0 --server.headless true");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'scripts':{'start':'react-scripts start'}} | build/index.html | site build true",
                "{'scripts':{'start':'ng serve'}} | dist/shop/browser/index.html | site dist/shop/browser true",
                "{'scripts':{'preview':'vite preview'}} | dist/index.html | site dist true",
                "{'scripts':{'start':'astro dev'},'dependencies':{'astro':'5'}} | dist/index.html | site dist false",
                "{'dependencies':{'astro':'5'}} | dist/server/entry.mjs | env HOST=0.0.0.0 node dist/server/entry.mjs",
                "{'devDependencies':{'@sveltejs/kit':'2'}} | build/handler.js | node build/index.js",
                "{'dependencies':{'nuxt':'4'}} | .output/server/index.mjs | env HOST=0.0.0.0 node .output/server/index.mjs",
                "{'scripts':{'dev':'next dev'},'dependencies':{'next':'16'}} | x | next start -p $PORT",
                "{'scripts':{'start':'next start'}} | .next/standalone/server.js | env HOSTNAME=0.0.0.0 node .next/standalone/server.js",
                "{'dependencies':{'next':'16'}} | out/index.html | site out false",
                "{'dependencies':{'@react-router/serve':'7'}} | build/server/index.js | react-router-serve ./build/server/index.js",
                "{'scripts':{'start':'nest start','start:prod':'node dist/main'}} | dist/main.js | node dist/main",
                "{'main':'dist/server.js'} | dist/server.js | node dist/server.js",
                "{'scripts':{'start':'vite --port $PORT'}} | src/x.js | vite --port $PORT",
                "{'main':'src/index.ts','devDependencies':{'tsx':'4'}} | src/index.ts | tsx src/index.ts",
                "{'main':'index.js','dependencies':{'ts-node':'10'}} | src/server.ts | ts-node src/server.ts",
                "{'main':'index.ts'} | index.ts | node index.ts"
            })
    void whatAFrameworkBuiltIsStartedOrServed(String packageJson, String file, String expected) {
        SourceFolder source = folder(Map.of("package.json", packageJson.replace('\'', '"'), file, ""));
        NodeStart start = new NodeStart(source, PackageJson.read(source));

        String found = start.web()
                .orElseGet(() -> start.site()
                        .map(site -> "site %s %s".formatted(site.folder(), site.singlePage()))
                        .orElse("nothing"));

        assertThat(found).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'scripts':{'start':'node dist/index.js'}} | true",
                "{'scripts':{'start':'node --enable-source-maps dist'}} | true",
                "{'main':'dist/server.js'} | true",
                "{'main':'index.js'} | false",
                "{'scripts':{'start':'node src/it.js'}} | false",
                "{'scripts':{'start':'node src/it'}} | false",
                "{'scripts':{'start':'tsx src/index.ts'}} | false"
            })
    void anAppThatIsStartedFromWhatItsCompilerHasYetToWriteIsNotCompiled(String packageJson, boolean expected) {
        String json = packageJson.replace('\'', '"').replaceFirst("}$", ",\"devDependencies\":{\"typescript\":\"5\"}}");
        SourceFolder source = folder(Map.of("package.json", json, "tsconfig.json", "{}", "src/it.js", ""));
        PackageJson app = PackageJson.read(source);

        assertThat(new NodeStart(source, app)
                        .isNotCompiled(app.script("start").stream().toList()))
                .isEqualTo(expected);
    }

    @Test
    void djangoIsServedByItsOwnServerOrByGunicorn() {
        assertThat(python(Map.of("requirements.txt", "django", "manage.py", "")))
                .isEqualTo("python manage.py runserver --noreload 0.0.0.0:$PORT");
        assertThat(python(Map.of("requirements.txt", "django\ngunicorn", "manage.py", "", "shop/wsgi.py", "")))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT shop.wsgi");
    }

    @Test
    void aDjangoProjectInAFolderBelowIsFound() {
        assertThat(python(Map.of("requirements.txt", "django", "mysite/manage.py", "", "mysite/mysite/wsgi.py", "")))
                .isEqualTo("python mysite/manage.py runserver --noreload 0.0.0.0:$PORT");
        assertThat(python(
                        Map.of("requirements.txt", "django\ngunicorn", "src/manage.py", "", "src/mysite/wsgi.py", "")))
                .isEqualTo("env PYTHONPATH=src gunicorn --bind 0.0.0.0:$PORT mysite.wsgi");
        assertThat(python(Map.of("requirements.txt", "flask", "tools/manage.py", "", "app.py", FLASK)))
                .isEqualTo("flask --app app run --host 0.0.0.0 --port $PORT");
    }

    @ParameterizedTest
    @CsvSource({
        "server.js, , true",
        "index.mjs, , true",
        "server.js, Procfile, false",
        "app.js, index.html, false",
        "gulpfile.js, , false"
    })
    void aLoneNodeProgramIsAnApp(String file, String other, boolean expected) {
        Map<String, String> files = other == null ? Map.of(file, "") : Map.of(file, "", other, "");
        NodeBuildpack node = new NodeBuildpack(new StaticSite(dir, dir));
        assertThat(node.detects(folder(files))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "nodemon src/app.js, nodemon",
        "NODE_ENV=production ts-node src/app.ts, ts-node",
        "node -r ts-node/register src/app.ts, ts-node",
        "babel-node app.js, ''",
        "node dist/typescript.js, ''",
        "node app.js, ''"
    })
    void aDevelopmentDependencyThatStartsTheAppIsSeen(String command, String expected) {
        SourceFolder source = folder(Map.of(
                "package.json",
                "{\"devDependencies\": {\"nodemon\": \"3\", \"ts-node\": \"10\", \"typescript\": \"5\"}}"));
        assertThat(PackageJson.read(source).devDependencyIn(command).orElse("")).isEqualTo(expected);
    }

    @Test
    void aByteOrderMarkIsNoPartOfAText() {
        assertThat(folder(Map.of("package.json", "\uFEFF{}")).text("package.json"))
                .contains("{}");
    }

    @Test
    void theStartScriptRunsWithoutAnNpmAroundIt() {
        assertThat(node("{\"scripts\": {\"start\": \"next start -p $PORT\"}}")).isEqualTo("next start -p $PORT");
        assertThat(node("{\"scripts\": {\"prestart\": \"x\", \"start\": \"y\"}}"))
                .isEqualTo("npm start");
    }

    @Test
    void aNodeFileWithAUsualNameIsStarted() {
        assertThat(node("{}")).isEqualTo("node index.js");
        assertThat(node("{\"main\": \"src/it.js\"}")).isEqualTo("node src/it.js");
        assertThat(node("{\"main\": \"nope.js\"}")).isEqualTo("node index.js");
    }

    private String python(Map<String, String> files) {
        Requirements requirements = Requirements.read(folder(files));
        Map<String, String> programs = Map.of("django", "django-admin", "dash", "dash-generate-components");
        Set<String> installed = Stream.of("django", "flask", "gunicorn", "uvicorn", "streamlit", "dash", "sanic")
                .filter(requirements::mentions)
                .map(name -> programs.getOrDefault(name, name))
                .collect(Collectors.toSet());
        return new PythonStart(folder(files), installed::contains).web().orElse("");
    }

    private String node(String packageJson) {
        SourceFolder source = folder(Map.of("package.json", packageJson, "index.js", "", "src/it.js", ""));
        return new NodeStart(source, PackageJson.read(source)).web().orElseThrow();
    }

    private SourceFolder folder(Map<String, String> files) {
        return new SourceFolder(
                new Workshop(dir.resolve(Integer.toString(files.hashCode()))).source(files), Manifest.EMPTY);
    }
}
