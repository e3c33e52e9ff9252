<?php

final class Parts
{
    public static function ofSpeech(): string
    {
        return include __DIR__ . '/../assets/words.php';
    }
}
