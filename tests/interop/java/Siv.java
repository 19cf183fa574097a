// Password fields in transit for Java: AES-SIV (RFC 5297) by javax.crypto, which has none of its own.

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Seals and opens; a key is two of AES, the first for the synthetic IV. */
public final class Siv {
    private static final String PREFIX = "enc:v1:";
    private static final int BLOCK = 16;

    private Siv() {
    }

    /** The value of a password field; the key is TransportKey as Authenticate answers it. */
    public static String seal(String transportKey, String field, String plain) throws GeneralSecurityException {
        byte[] output = encrypt(Base64.getDecoder().decode(transportKey), utf8(plain), utf8(field));
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(output);
    }

    /** The text in a password field's value; AEADBadTagException: not of this session and field, or altered. */
    public static String open(String transportKey, String field, String value) throws GeneralSecurityException {
        if (!value.startsWith(PREFIX)) {
            throw new IllegalArgumentException(field + " is not sealed");
        }
        byte[] output = Base64.getUrlDecoder().decode(value.substring(PREFIX.length()));
        byte[] plain = decrypt(Base64.getDecoder().decode(transportKey), output, utf8(field));
        return new String(plain, StandardCharsets.UTF_8);
    }

    /** The synthetic IV, then the ciphertext. */
    static byte[] encrypt(byte[] key, byte[] plain, byte[]... associated) throws GeneralSecurityException {
        byte[] iv = s2v(firstHalf(key), plain, associated);
        byte[] output = Arrays.copyOf(iv, BLOCK + plain.length);
        System.arraycopy(ctr(secondHalf(key), iv, plain), 0, output, BLOCK, plain.length);
        return output;
    }

    static byte[] decrypt(byte[] key, byte[] output, byte[]... associated) throws GeneralSecurityException {
        if (output.length < BLOCK) {
            throw new AEADBadTagException("a sealed value has 16 bytes at least");
        }
        byte[] iv = Arrays.copyOf(output, BLOCK);
        byte[] plain = ctr(secondHalf(key), iv, Arrays.copyOfRange(output, BLOCK, output.length));
        if (!MessageDigest.isEqual(iv, s2v(firstHalf(key), plain, associated))) {
            throw new AEADBadTagException("a sealed value of another key or field, or altered");
        }
        return plain;
    }

    private static byte[] s2v(byte[] key, byte[] plain, byte[]... associated) throws GeneralSecurityException {
        byte[] sum = cmac(key, new byte[BLOCK]);
        for (byte[] string : associated) {
            sum = doubled(sum);
            addToEnd(sum, cmac(key, string));
        }
        if (plain.length < BLOCK) {
            byte[] last = padded(plain);
            addToEnd(last, doubled(sum));
            return cmac(key, last);
        }
        byte[] text = plain.clone();
        addToEnd(text, sum);
        return cmac(key, text);
    }

    private static byte[] cmac(byte[] key, byte[] message) throws GeneralSecurityException {
        int start = Math.max(message.length - 1, 0) / BLOCK * BLOCK;
        byte[] last = Arrays.copyOfRange(message, start, message.length);
        byte[] mask = doubled(cbc(key, new byte[BLOCK]));
        if (last.length < BLOCK) {
            last = padded(last);
            mask = doubled(mask);
        }
        byte[] text = Arrays.copyOf(message, start + BLOCK);
        System.arraycopy(last, 0, text, start, BLOCK);
        addToEnd(text, mask);
        return Arrays.copyOfRange(cbc(key, text), start, start + BLOCK);
    }

    /** Twice a block, in the field of 2^128 elements. */
    private static byte[] doubled(byte[] block) {
        byte[] doubled = new byte[BLOCK];
        for (int at = 0; at < BLOCK; at++) {
            int next = at + 1 < BLOCK ? (block[at + 1] & 0xff) >> 7 : ((block[0] & 0xff) >> 7) * 0x87;
            doubled[at] = (byte) (block[at] << 1 ^ next);
        }
        return doubled;
    }

    private static byte[] padded(byte[] part) {
        byte[] padded = Arrays.copyOf(part, BLOCK);
        padded[part.length] = (byte) 0x80;
        return padded;
    }

    private static void addToEnd(byte[] text, byte[] block) {
        for (int at = 0; at < BLOCK; at++) {
            text[text.length - BLOCK + at] ^= block[at];
        }
    }

    private static byte[] cbc(byte[] key, byte[] blocks) throws GeneralSecurityException {
        return aes("AES/CBC/NoPadding", key, new byte[BLOCK], blocks);
    }

    private static byte[] ctr(byte[] key, byte[] iv, byte[] text) throws GeneralSecurityException {
        byte[] counter = iv.clone();
        counter[8] &= 0x7f;
        counter[12] &= 0x7f;
        return aes("AES/CTR/NoPadding", key, counter, text);
    }

    private static byte[] aes(String mode, byte[] key, byte[] iv, byte[] text) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(mode);
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
        return cipher.doFinal(text);
    }

    private static byte[] firstHalf(byte[] key) {
        return Arrays.copyOf(key, key.length / 2);
    }

    private static byte[] secondHalf(byte[] key) {
        return Arrays.copyOfRange(key, key.length / 2, key.length);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
