# Makes one image: `cmake -DNVCC= -DSOURCE= -DOUTPUT= -DREPORT= -DCOMPILE= -DTARGET= [-DPTX=] -P image.cmake`.
#
# COMPILE is the architecture that nvcc is asked for (90a), TARGET the number of the oldest that the image is for
# (90), which the sources read as NAMEPLATE_TARGET. With PTX, a version such as 6.3, the image is PTX text, else
# machine code. The assembler's account of registers and spills goes to REPORT.
#
# The assembler only remarks on what ruins a kernel: registers spilled to memory, setmaxnreg ignored (C7508), wgmma
# made serial (C7510 and its neighbours, by the reason) or waited for where the source does not (C7517). Here each
# fails the build.
cmake_minimum_required(VERSION 3.18)
get_filename_component(include ${SOURCE}/../.. ABSOLUTE)

# Runs nvcc, and fails with what it said.
function(nvcc)
  execute_process(COMMAND ${NVCC} -Xptxas -v ${ARGN} OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(NOT failed AND said MATCHES "\\(C75[0-9][0-9]\\)|[1-9][0-9]* bytes spill|warning")
    set(failed "a kernel that would run badly")
  endif()
  if(failed)
    file(REMOVE ${OUTPUT})
    message(FATAL_ERROR "${NVCC} ${ARGN}\n${said}\n${failed}")
  endif()
  file(WRITE ${REPORT} "${said}")
endfunction()

set(options -std=c++20 -O3 -I ${include} -DNAMEPLATE_TARGET=${TARGET} -Wno-deprecated-gpu-targets)
if(NOT PTX)
  nvcc(${options} -gencode arch=compute_${COMPILE},code=sm_${COMPILE} -cubin ${SOURCE} -o ${OUTPUT})
  return()
endif()

# nvcc labels PTX with the toolkit's own version, and 13.x no longer writes sm_70; but the text seldom needs either.
# Assembling it with the older labels on proves that: the assembler holds every instruction against them.
nvcc(${options} -gencode arch=compute_${COMPILE},code=compute_${COMPILE} -ptx ${SOURCE} -o ${OUTPUT})
file(READ ${OUTPUT} text)
string(REGEX REPLACE "\n\\.version [0-9.]+" "\n.version ${PTX}" text "${text}")
string(REGEX REPLACE "\n\\.target sm_[0-9a-z]+" "\n.target sm_${TARGET}" text "${text}")
# A hint to the assembler that older ones do not know.
string(REGEX REPLACE "\n[ \t]*\\.pragma \"used_bytes_mask[^\n]*" "" text "${text}")
if(NOT text MATCHES "\n\\.version ${PTX}\n\\.target sm_${TARGET}\n")
  file(REMOVE ${OUTPUT})
  message(FATAL_ERROR "${OUTPUT}: no .version and .target lines to relabel")
endif()
file(WRITE ${OUTPUT} "${text}")
nvcc(-gencode arch=compute_${COMPILE},code=sm_${COMPILE} -Wno-deprecated-gpu-targets -cubin ${OUTPUT} -o ${REPORT}.cubin)
file(REMOVE ${REPORT}.cubin)
