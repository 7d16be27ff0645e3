/* Written by generate.py; do not edit. */

#ifndef TAGGER_LABELS_H
#define TAGGER_LABELS_H

#define TAP_NO_LABEL 0
#define TAP_UNKNOWN_LABEL 60
#define TAP_LABEL_COUNT 61

static const struct {
    const char *id;
    const char *words;
} TAP_LABELS[TAP_LABEL_COUNT] = {
    {"none", "None"},
    {"kick", "Kick"},
    {"snare", "Snare"},
    {"rimshot", "Rimshot"},
    {"clap", "Clap"},
    {"hihat", "Hihat"},
    {"tom", "Tom"},
    {"cymbal", "Cymbal"},
    {"hand_drum", "Hand drum"},
    {"tambourine", "Tambourine"},
    {"shaker", "Shaker"},
    {"cowbell", "Cowbell"},
    {"triangle", "Triangle"},
    {"woodblock", "Woodblock"},
    {"gong", "Gong"},
    {"chimes", "Chimes"},
    {"timpani", "Timpani"},
    {"percussion_other", "Other percussion"},
    {"glockenspiel", "Glockenspiel"},
    {"vibraphone", "Vibraphone"},
    {"marimba", "Marimba"},
    {"xylophone", "Xylophone"},
    {"tubular_bells", "Tubular bells"},
    {"kalimba", "Kalimba"},
    {"piano", "Piano"},
    {"electric_piano", "Electric piano"},
    {"harpsichord", "Harpsichord"},
    {"organ", "Organ"},
    {"accordion", "Accordion"},
    {"acoustic_guitar", "Acoustic guitar"},
    {"electric_guitar", "Electric guitar"},
    {"banjo", "Banjo"},
    {"mandolin", "Mandolin"},
    {"ukulele", "Ukulele"},
    {"sitar", "Sitar"},
    {"electric_bass", "Electric bass"},
    {"synth_bass", "Synth bass"},
    {"violin", "Violin"},
    {"viola", "Viola"},
    {"cello", "Cello"},
    {"double_bass", "Double bass"},
    {"string_ensemble", "String ensemble"},
    {"harp", "Harp"},
    {"flute", "Flute"},
    {"clarinet", "Clarinet"},
    {"oboe", "Oboe"},
    {"english_horn", "English horn"},
    {"bassoon", "Bassoon"},
    {"saxophone", "Saxophone"},
    {"harmonica", "Harmonica"},
    {"bagpipe", "Bagpipe"},
    {"trumpet", "Trumpet"},
    {"trombone", "Trombone"},
    {"french_horn", "French horn"},
    {"tuba", "Tuba"},
    {"brass_section", "Brass section"},
    {"voice", "Voice"},
    {"synth_lead", "Synth lead"},
    {"synth_pad", "Synth pad"},
    {"sound_effect", "Sound effect"},
    {"", "Another"},
};

#endif
