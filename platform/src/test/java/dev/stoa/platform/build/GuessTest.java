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
                        "requirements.txt", "flask", "app.py", FLASK + "if __name__ == '__main__':\n  app.run()")))
                .isEqualTo("python app.py");
    }

    @Test
    void djangoIsServedByItsOwnServerOrByGunicorn() {
        assertThat(python(Map.of("requirements.txt", "django", "manage.py", "")))
                .isEqualTo("python manage.py runserver --noreload 0.0.0.0:$PORT");
        assertThat(python(Map.of("requirements.txt", "django\ngunicorn", "manage.py", "", "shop/wsgi.py", "")))
                .isEqualTo("gunicorn --bind 0.0.0.0:$PORT shop.wsgi");
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
        Map<String, String> programs = Map.of("django", "django-admin");
        Set<String> installed = Stream.of("django", "flask", "gunicorn", "uvicorn", "streamlit")
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
