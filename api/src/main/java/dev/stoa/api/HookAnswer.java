package dev.stoa.api;

import java.util.Optional;

/**
 * What became of a forge's event, for whoever reads its delivery log.
 *
 * @param result {@code deploying}, {@code seen} (delivered before) or {@code ignored}
 * @param detail a sentence
 * @param deploy the id of the deploy
 */
public record HookAnswer(String result, String detail, Optional<String> deploy) {}
