package dev.stoa.platform.router.edge;

import static org.assertj.core.api.Assertions.assertThat;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.github.luben.zstd.ZstdInputStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BodyEncoderTest {
    private static final ByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;

    private static InputStream decoder(Coding coding, byte[] bytes) throws IOException {
        InputStream in = new ByteArrayInputStream(bytes);
        return switch (coding) {
            case GZIP -> new GZIPInputStream(in);
            case BR -> new BrotliInputStream(in);
            case ZSTD -> new ZstdInputStream(in).setContinuous(true);
        };
    }

    private static void add(ByteArrayOutputStream to, ByteBuf piece) throws IOException {
        piece.readBytes(to, piece.readableBytes());
        piece.release();
    }

    private static List<byte[]> pieces() {
        Random random = new Random(7);
        List<byte[]> pieces = new ArrayList<>();
        for (int size : new int[] {1, 100, 65_536, 3, 200_000, 8192}) {
            byte[] piece = new byte[size];
            // Half of it is noise, so that what comes out is large, too.
            random.nextBytes(piece);
            for (int i = 0; i < size / 2; i++) {
                piece[i] = (byte) ('a' + i % 7);
            }
            pieces.add(piece);
        }
        return pieces;
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void whatIsCompressedComesBack(Coding coding) throws IOException {
        assertThat(BodyEncoder.isAvailable(coding)).isTrue();
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (BodyEncoder encoder = BodyEncoder.of(coding)) {
            boolean direct = false;
            for (byte[] piece : pieces()) {
                plain.write(piece);
                direct = !direct;
                ByteBuf in = direct
                        ? Unpooled.directBuffer().writeBytes(piece)
                        : Unpooled.compositeBuffer().addComponent(true, Unpooled.wrappedBuffer(piece));
                add(packed, encoder.encode(in, ALLOCATOR));
                assertThat(in.readableBytes()).isEqualTo(piece.length);
                in.release();
            }
            add(packed, encoder.finish(ALLOCATOR));
        }

        assertThat(packed.size()).isLessThan(plain.size() * 3 / 4);
        assertThat(decoder(coding, packed.toByteArray()).readAllBytes()).isEqualTo(plain.toByteArray());
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void whatIsFlushedCanBeReadAtOnce(Coding coding) throws IOException {
        byte[] piece = "tick 1\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (BodyEncoder encoder = BodyEncoder.of(coding)) {
            add(packed, encoder.encode(Unpooled.wrappedBuffer(piece), ALLOCATOR));
            add(packed, encoder.flush(ALLOCATOR));

            assertThat(begin(coding, packed.toByteArray(), piece.length)).isEqualTo(piece);
        }
    }

    /** The stream of brotli4j insists on the end. */
    private static byte[] begin(Coding coding, byte[] packed, int length) throws IOException {
        if (coding != Coding.BR) {
            return decoder(coding, packed).readNBytes(length);
        }
        DecoderJNI.Wrapper decoder = new DecoderJNI.Wrapper(packed.length);
        try {
            decoder.getInputBuffer().put(packed);
            decoder.push(packed.length);
            byte[] plain = new byte[length];
            decoder.pull().get(plain);
            return plain;
        } finally {
            decoder.destroy();
        }
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void anEmptyBodyIsWhole(Coding coding) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (BodyEncoder encoder = BodyEncoder.of(coding)) {
            add(packed, encoder.finish(ALLOCATOR));
        }
        assertThat(decoder(coding, packed.toByteArray()).readAllBytes()).isEmpty();
    }
}
