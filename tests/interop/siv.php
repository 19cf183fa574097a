<?php
// Password fields in transit for PHP: AES-SIV (RFC 5297) by ext-openssl, whose own aes-256-siv PHP cannot use.
declare(strict_types=1);

const SEALED_PREFIX = 'enc:v1:';
const ZERO_BLOCK = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/** The value of a password field; the key is TransportKey as Authenticate answers it. */
function seal(string $transportKey, string $field, string $plain): string
{
    $output = siv_encrypt(base64_decode($transportKey, true), [$field], $plain);
    return SEALED_PREFIX . rtrim(strtr(base64_encode($output), '+/', '-_'), '=');
}

/** The text in a password field's value. Throws where it is not of this session and field, or was altered. */
function open_sealed(string $transportKey, string $field, string $value): string
{
    if (!str_starts_with($value, SEALED_PREFIX)) {
        throw new UnexpectedValueException("$field is not sealed");
    }
    $output = base64_decode(strtr(substr($value, strlen(SEALED_PREFIX)), '-_', '+/'), true);
    if ($output === false || strlen($output) < 16) {
        throw new UnexpectedValueException("$field is no sealed value");
    }
    return siv_decrypt(base64_decode($transportKey, true), [$field], $output);
}

/** The synthetic IV, then the ciphertext. The key is two of AES: 32, 48 or 64 bytes. */
function siv_encrypt(string $key, array $associated, string $plain): string
{
    [$macKey, $ctrKey] = str_split($key, intdiv(strlen($key), 2));
    $iv = s2v($macKey, $associated, $plain);
    return $iv . ctr($ctrKey, $iv, $plain);
}

function siv_decrypt(string $key, array $associated, string $output): string
{
    [$macKey, $ctrKey] = str_split($key, intdiv(strlen($key), 2));
    $iv = substr($output, 0, 16);
    $plain = ctr($ctrKey, $iv, substr($output, 16));
    if (!hash_equals(s2v($macKey, $associated, $plain), $iv)) {
        throw new UnexpectedValueException('a sealed value of another key or field, or altered');
    }
    return $plain;
}

function s2v(string $key, array $associated, string $plain): string
{
    $sum = cmac($key, ZERO_BLOCK);
    foreach ($associated as $string) {
        $sum = doubled($sum) ^ cmac($key, $string);
    }
    if (strlen($plain) < 16) {
        return cmac($key, doubled($sum) ^ padded($plain));
    }
    return cmac($key, substr($plain, 0, -16) . (substr($plain, -16) ^ $sum));
}

function cmac(string $key, string $message): string
{
    $mask = doubled(cbc($key, ZERO_BLOCK));
    $start = intdiv(max(strlen($message) - 1, 0), 16) * 16;
    $last = substr($message, $start);
    $last = strlen($last) === 16 ? $last ^ $mask : padded($last) ^ doubled($mask);
    return substr(cbc($key, substr($message, 0, $start) . $last), -16);
}

/** Twice a block, in the field of 2^128 elements. */
function doubled(string $block): string
{
    $doubled = '';
    for ($at = 0; $at < 16; $at++) {
        $carry = $at < 15 ? ord($block[$at + 1]) >> 7 : (ord($block[0]) >> 7) * 0x87;
        $doubled .= chr((ord($block[$at]) << 1 & 0xff) ^ $carry);
    }
    return $doubled;
}

function padded(string $part): string
{
    return str_pad($part . "\x80", 16, "\0");
}

function cbc(string $key, string $blocks): string
{
    $options = OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING;
    return openssl_encrypt($blocks, 'aes-' . 8 * strlen($key) . '-cbc', $key, $options, ZERO_BLOCK);
}

function ctr(string $key, string $iv, string $text): string
{
    $counter = $iv & "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff";
    return openssl_encrypt($text, 'aes-' . 8 * strlen($key) . '-ctr', $key, OPENSSL_RAW_DATA, $counter);
}
