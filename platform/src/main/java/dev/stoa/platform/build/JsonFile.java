package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON file of the app, read so that what is wrong with it is said in one way.
 *
 * @param name as the source has it
 * @param hint what to do when it cannot be read
 */
record JsonFile(String name, String hint) {
    static final String HINT = "put it right and deploy again";

    JsonNode parse(String text) {
        return parse(text, Json.MAPPER);
    }

    /** @throws StoaException BUILD_FAILED, with the line */
    JsonNode parse(String text, JsonMapper mapper) {
        try {
            return mapper.readTree(text);
        } catch (JacksonException e) {
            throw bad(e.getOriginalMessage() + ", line " + e.getLocation().getLineNr());
        }
    }

    /** @throws StoaException BUILD_FAILED also when it is something else than an object */
    JsonNode object(String text) {
        JsonNode root = parse(text);
        if (!root.isObject()) {
            throw bad("it is no JSON object");
        }
        return root;
    }

    private StoaException bad(String why) {
        return new StoaException(ErrorCode.BUILD_FAILED, "%s cannot be read: %s".formatted(name, why), hint);
    }
}
