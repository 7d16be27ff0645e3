# VST3 and CLAP for one number of channels, by DPF's own rules; called by the Makefile beside it.

NAME := tagger-tap$(if $(filter 1,$(CHANNELS)),-mono)
FILES_DSP := dpf.cpp tap.c wire.c system.c

DPF_TARGET_DIR := $(BUILD)
DPF_BUILD_DIR := $(BUILD)/objects/$(NAME)

.DEFAULT_GOAL := both

include $(DPF_PATH)/Makefile.plugins.mk

BUILD_C_FLAGS += -std=c11 $(WARNINGS) -pthread
BUILD_CXX_FLAGS += -DTAP_CHANNELS=$(CHANNELS) -Wall -Wextra $(STRICT) -pthread
LINK_FLAGS += -pthread
ifeq ($(WINDOWS),true)
LINK_FLAGS += -lws2_32 -static
endif

both: vst3 clap
